"""Runs mxm-secrets 0.3.2 over a list of cases (JSON on stdin, one answer each as JSON on stdout), and says which files of
the packages it ran. What a model, a registry or a question gives back is described in case.ts."""

import base64
import dataclasses
import hashlib
import importlib.metadata
import json
import os
import sys

from mxm.secrets import SecretsApi
from mxm.secrets.models import Principal, SecretPolicy, SecretRef, SecretStore
from mxm.secrets.registries import SecretPolicyRegistry, SecretRefRegistry, SecretStoreRegistry
from mxm.types.runtime_identity import RuntimeIdentity

PACKAGES = ["mxm-config", "mxm-runtime", "mxm-secrets", "mxm-types", "omegaconf"]


def principal(case):
    return Principal(case["fields"]["name"]).name


def store(case):
    made = SecretStore(**case["fields"])
    return [made.name, made.backend, made.resolve_path("x")]


def ref(case):
    made = SecretRef(**case["fields"])
    return [*dataclasses.astuple(made), made.qualified_name]


def policy(case):
    fields = case["fields"]
    made = SecretPolicy(fields["name"], tuple(fields["allowed_principals"]))
    return [made.name, *made.allowed_principals]


def path(case):
    return SecretStore(**case["fields"]).resolve_path(case["path"])


def registry(case):
    registries = {
        "stores": lambda names: SecretStoreRegistry([SecretStore(name, "gopass", "a") for name in names]),
        "refs": lambda names: SecretRefRegistry([SecretRef(name, "s", "a", "p") for name in names]),
        "policies": lambda names: SecretPolicyRegistry([SecretPolicy(name, ()) for name in names]),
    }
    made = registries[case["of"]](case["names"])
    return [made.contains(case["ask"]), list(made.names()), made.get(case["ask"]).name]


def load(case):
    api = SecretsApi.from_config_data(case["config"])
    return [
        list(api.secret_store_registry.names()),
        list(api.secret_ref_registry.names()),
        list(api.secret_policy_registry.names()),
    ]


def get(case):
    os.environ["PATH"] = case["folder"]
    api = SecretsApi.from_config_data(case["config"])
    identity = RuntimeIdentity(**case["identity"])
    return api.get_secret(case["name"], identity=identity, default=case["default"])


def answered(case):
    try:
        return {"ok": globals()[case["kind"]](case)}
    except BaseException as error:  # noqa: BLE001
        return {"error": type(error).__name__}


def fingerprint(name):
    """One hash over the hashes of the package's own files, as its wheel lists them."""
    files = importlib.metadata.distribution(name).files or []
    lines = sorted(f"{file} {file.hash.value}" for file in files if file.hash and str(file).endswith(".py"))
    return base64.urlsafe_b64encode(hashlib.sha256("\n".join(lines).encode()).digest()).decode()


packages = {f"{name} {importlib.metadata.version(name)}": fingerprint(name) for name in PACKAGES}
json.dump({"packages": packages, "answers": [answered(case) for case in json.load(sys.stdin)]}, sys.stdout)
