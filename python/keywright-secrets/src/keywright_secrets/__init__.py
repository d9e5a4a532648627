"""Secrets by public name, if the policy allows. The interface is that of mxm-secrets 0.3; the work is done by keywright."""

from ._api import SecretsApi
from ._errors import (
    AuditError,
    BackendUnavailableError,
    ConfigDataError,
    KeywrightError,
    SecretDeniedError,
    SecretLockedError,
    SecretNotFoundError,
    SecretTimeoutError,
    UnknownSecretError,
)
from ._identity import RuntimeIdentity

__all__ = [
    "AuditError",
    "BackendUnavailableError",
    "ConfigDataError",
    "KeywrightError",
    "RuntimeIdentity",
    "SecretDeniedError",
    "SecretLockedError",
    "SecretNotFoundError",
    "SecretTimeoutError",
    "SecretsApi",
    "UnknownSecretError",
]
