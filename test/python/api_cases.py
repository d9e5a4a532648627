"""The behaviour of mxm-secrets' SecretsApi, case by case, through whichever package is named on the command line: the original, or
keywright_secrets. A fake `gopass` on the PATH stands where the original's own tests patch functions; it writes down what it is asked.
Prints one JSON object: case -> what came of it."""

import importlib
import json
import os
import sys
from dataclasses import dataclass

api_module = importlib.import_module(sys.argv[1])
log = os.environ["ASKED"]


@dataclass(frozen=True)
class Identity:
    app: str = "app"
    environment: str = "dev"
    machine: str = "box"
    substrate: str = "local-process"
    role: str = "marketdata"


def data(**changes):
    base = {
        "stores": {"red": {"backend": "gopass", "root": "mxm/red"}},
        "refs": {
            "api_key": {"store": "red", "path": "marketdata/api_key", "policy": "access"},
            "absent": {"store": "red", "path": "marketdata/absent", "policy": "access"},
            "empty": {"store": "red", "path": "marketdata/empty", "policy": "access"},
        },
        "policies": {"access": {"allowed_principals": ["marketdata"]}, "nobody": {"allowed_principals": []}},
    }
    return {**base, **changes}


def got(name, *, role="marketdata", config=None, default=None):
    def run():
        api = api_module.SecretsApi.from_config_data(config or data())
        return api.get_secret(name, identity=Identity(role=role), default=default)

    return run


def ref(**changes):
    return data(refs={"api_key": {"store": "red", "path": "marketdata/api_key", "policy": "access", **changes}})


def built(config):
    return lambda: bool(api_module.SecretsApi.from_config_data(config))


def without_gopass(case):
    def run():
        path, os.environ["PATH"] = os.environ["PATH"], os.environ["PATH_WITHOUT_GOPASS"]
        restarted()
        try:
            return case()
        finally:
            os.environ["PATH"] = path
            restarted()

    return run


def restarted():
    """Ours has a child, which keeps the PATH that it was started with."""
    if hasattr(api_module, "_child"):
        api_module._child.shared.close()


def missing(section):
    return {key: value for key, value in data().items() if key != section}


CASES = {
    "a value, from its store's root and its path": got("api_key"),
    "the default for a missing value": got("absent", default="fallback"),
    "nothing for a missing value without a default": got("absent"),
    "the default when gopass is not there": without_gopass(got("api_key", default="fallback")),
    "an unknown secret": got("nope"),
    "an unknown policy": got("api_key", config=ref(policy="nope")),
    "denied, before anything is asked": got("api_key", role="research"),
    "denied by a policy that allows nobody": got("api_key", config=ref(policy="nobody")),
    "an unknown store": got("api_key", config=ref(store="nope")),
    "an unsupported backend": got("api_key", config=data(stores={"red": {"backend": "nope", "root": "mxm/red"}})),
    "a role that is no principal": got("api_key", role="market-data"),
    "an API from data": built(data()),
    "data without stores": built(missing("stores")),
    "data without refs": built(missing("refs")),
    "data without policies": built(missing("policies")),
    "stores that are no mapping": built(data(stores=[])),
    "refs that are no mapping": built(data(refs="x")),
    "policies that are no mapping": built(data(policies=None)),
    "an error inside an entry": built(data(refs={"api_key": {"store": "red"}})),
}

BUILTINS = (KeyError, PermissionError, ValueError, TypeError, TimeoutError, RuntimeError)


def outcome(case):
    open(log, "w").close()
    try:
        result = {"value": case()}
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the outcome
        result = {"raises": sorted(kind.__name__ for kind in BUILTINS if isinstance(error, kind))}
    with open(log, encoding="utf-8") as asked:
        result["asked"] = any(line.startswith("show") for line in asked)
    return result


print(json.dumps({name: outcome(case) for name, case in CASES.items()}))
