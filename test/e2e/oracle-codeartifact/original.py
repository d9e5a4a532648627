# keyrings.codeartifact 2.1.2 as published, with its AWS client replaced by one that writes down what it is asked for.
# Cases come as JSON on standard input: an address, and the text of keyringrc.cfg or null for no file.
import datetime
import json
import logging
import os
import sys
import tempfile

from keyring.util.platform_ import config_root
from keyrings.codeartifact import CodeArtifactBackend, CodeArtifactKeyringConfig

PARAMETERS = {"domain", "domainOwner", "durationSeconds"}


class Warnings(logging.Handler):
    def __init__(self):
        super().__init__()
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


class Client:
    def __init__(self, seen, options):
        self.seen, self.options = seen, options

    def get_authorization_token(self, **parameters):
        assert set(parameters) == PARAMETERS, parameters
        self.seen.update(parameters, options=self.options, mints=self.seen.get("mints", 0) + 1)
        later = datetime.datetime.now().astimezone() + datetime.timedelta(hours=1)
        return {"authorizationToken": "token", "expiration": later}


def answer(case, folder):
    heard = Warnings()
    logging.getLogger().handlers = [heard]
    file = os.path.join(folder, "keyringrc.cfg")
    if case["config"] is None:
        file = os.path.join(folder, "missing.cfg")
    else:
        with open(file, "w", encoding="utf-8", newline="") as stream:
            stream.write(case["config"])
    seen = {}
    try:
        config = CodeArtifactKeyringConfig(file)
        looked_up = config.lookup

        def lookup(**names):
            seen["looked_up"] = names
            chosen = looked_up(**names)
            seen["section"] = getattr(chosen, "name", None)
            return chosen

        config.lookup = lookup
        backend = CodeArtifactBackend(config, lambda options: Client(seen, options))
        credential = backend.get_credential(case["url"], None)
        seen["answered"] = credential is not None
        if credential is not None:
            assert credential.username == "aws" and credential.password == "token"
            assert backend.get_password(case["url"], "aws") == "token"
    except Exception as error:
        seen["error"] = type(error).__name__
    seen["warnings"] = [text.replace(folder, "") for text in heard.texts]
    return seen


def main():
    asked = json.load(sys.stdin)
    if asked == "where":
        print(json.dumps(str(config_root() / "keyringrc.cfg")))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps([answer(case, folder) for case in asked]))


main()
