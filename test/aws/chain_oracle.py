"""Asks botocore which credentials it finds: a JSON list of {env, profile} in, one of {access, secret, token} or {error} out.

Each case is a process of its own, so that none sees what another one has loaded; none has a terminal to ask a person at.
"""

import json
import os
import sys

import botocore.credentials
import botocore.session
import botocore.tokens


def found(case):
    os.environ.clear()
    os.environ.update(case["env"])
    # Both are worked out when the modules are loaded, from the HOME of that time.
    cache = os.path.join(case["env"]["HOME"], ".aws", "sso", "cache")
    botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR = cache
    botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR = cache
    botocore.credentials.ContainerMetadataFetcher.SLEEP_TIME = 0
    try:
        session = botocore.session.Session(profile=case.get("profile"))
        credentials = session.get_credentials()
        if credentials is None:
            return {"error": "None"}
        frozen = credentials.get_frozen_credentials()
        region = session.get_config_variable("region")
        return {"access": frozen.access_key, "secret": frozen.secret_key, "token": frozen.token, "region": region}
    except BaseException as error:
        return {"error": type(error).__name__}


def apart(case):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as out:
            json.dump(found(case), out)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)


os.setsid()
cases = json.load(open(sys.argv[1]))
json.dump([apart(case) for case in cases], sys.stdout)
