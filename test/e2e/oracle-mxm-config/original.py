"""Runs mxm-config 0.6.2 and mxm-runtime 0.1.2 over a list of cases (JSON on stdin); answers {"packages", "answers"} as JSON.
An answer is {"value"} or {"error", "message"}: the class of the exception and the beginning of what it says."""

import hashlib
import json
import math
import os
import socket
import sys
import tempfile
import warnings
from importlib.metadata import distribution
from pathlib import Path

import mxm.runtime.attestation as attestation
import mxm.runtime.build as build
import mxm.runtime.discovery as discovery
import mxm.runtime.identity as identity_module
from mxm.config import load_config, make_subconfig, make_view, to_config_data
from mxm.runtime.validation import validate_runtime_identity_shape
from mxm.types import RuntimeIdentity
from omegaconf import OmegaConf

PACKAGES = ["mxm-config", "mxm-runtime", "mxm-secrets", "mxm-types", "omegaconf"]
FIELDS = ["app", "environment", "machine", "substrate", "role"]
HERE = Path(tempfile.mkdtemp(prefix="keywright-mxm-"))
warnings.simplefilter("ignore")


def package_hash(name):
    """Over the sources that the wheel brought, as its RECORD has them."""
    files = [
        f"{file} {file.hash.value}"
        for file in distribution(name).files
        if file.hash is not None and str(file).endswith(".py") and not str(file).startswith("..")
    ]
    return hashlib.sha256("\n".join(sorted(files)).encode()).hexdigest()


def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return f"float {value}"
    return value


def store_of(case, number):
    root = HERE / str(number)
    for path, text in case["files"].items():
        target = root / path
        if text is None:
            target.mkdir(parents=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return root


def loaded(case, number):
    identity = RuntimeIdentity(**case["identity"])
    return load_config(identity=identity, store_root=store_of(case, number), overrides=case.get("overrides"))


def changed(config):
    config["planted"] = 1
    return to_config_data(config)


def see(sights):
    socket.gethostname = lambda: sights["hostname"]
    exists = Path("/") if sights["docker"] else HERE / "nothing"
    discovery.discover_substrate.__kwdefaults__["dockerenv_path"] = exists


def context_of(case, number):
    identity = RuntimeIdentity(**case["identity"])
    context = build.build_runtime_context(identity=identity, store_root=store_of(case, number))
    fields = ["data_root", "artifact_root", "export_root", "log_root"]
    return {
        "identity": {name: getattr(context.identity, name) for name in FIELDS},
        "config": to_config_data(context.config),
        "secrets": list(context.secrets.secret_ref_registry.names()),
        "databases": to_config_data(context.db_configs),
        "paths": {name: str(getattr(context.paths, name)) for name in fields},
    }


def answer(case, number):
    op = case["op"]
    if op == "load":
        return to_config_data(loaded(case, number))
    if op == "view":
        return to_config_data(make_view(loaded(case, number), case["path"]))
    if op == "yaml":
        return OmegaConf.to_yaml(loaded(case, number), resolve=True)
    if op == "subconfig":
        return to_config_data(make_subconfig(case["data"], resolve=True))
    if op == "subview":
        return to_config_data(make_view(make_subconfig(case["data"]), case["path"]))
    if op == "change":
        config = make_subconfig(case["data"], readonly=case["readonly"])
        view = make_view(config, case["path"], readonly=case["view_readonly"])
        changed(view)
        return to_config_data(config)
    if op == "identity":
        see(case["sights"])
        built = identity_module.build_runtime_identity(**case["parts"])
        return {name: getattr(built, name) for name in FIELDS}
    if op == "validate":
        return validate_runtime_identity_shape(RuntimeIdentity(**case["identity"]))
    if op == "attest":
        see(case["sights"])
        return attestation.attest_runtime_identity(RuntimeIdentity(**case["identity"]))
    if op == "context":
        return context_of(case, number)
    raise AssertionError(op)


def answered(case, number):
    os.environ.clear()
    os.environ.update({"HOME": "/home/oracle", **case.get("env", {})})
    try:
        return {"value": plain(answer(case, number))}
    except BaseException as error:  # noqa: BLE001
        message = error.args[0] if error.args else ""
        return {"error": type(error).__name__, "message": str(message)[:28]}


cases = json.load(sys.stdin)
answers = [answered(case, number) for number, case in enumerate(cases)]
json.dump({"packages": {name: package_hash(name) for name in PACKAGES}, "answers": answers}, sys.stdout)
