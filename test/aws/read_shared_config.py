"""Reads pairs of AWS files and command lines as botocore does: {files, words} in, what comes of each out, in one process."""

import json
import os
import sys
import tempfile

import botocore.session
from botocore.compat import compat_shell_split
from botocore.exceptions import ConfigParseError


def understood(config, credentials, folder, session):
    paths = [os.path.join(folder, name) for name in ("config", "credentials")]
    for path, text in zip(paths, (config, credentials)):
        with open(path, "wb") as file:
            file.write(text.encode("utf-8"))
    os.environ["AWS_CONFIG_FILE"], os.environ["AWS_SHARED_CREDENTIALS_FILE"] = paths
    session._config = None  # A new session for each pair would take most of the time.
    try:
        found = session.full_config
    except ConfigParseError:
        return "ConfigParseError"
    return {name: found[name] for name in ("profiles", "sso_sessions", "services")}


def words(text, platform):
    try:
        return compat_shell_split(text, platform)
    except ValueError:
        return "ValueError"


asked = json.load(sys.stdin)
with tempfile.TemporaryDirectory() as folder:
    session = botocore.session.Session()
    files = [understood(*pair, folder, session) for pair in asked["files"]]
json.dump({"files": files, "words": [words(*pair) for pair in asked["words"]]}, sys.stdout)
