"""The errors: each is a KeywrightError and what mxm-secrets raised in its place, so that old `except` clauses still hold."""

from __future__ import annotations

from typing import Any


class KeywrightError(Exception):
    """`code` is stable, the message is not; `hint` says what to do next, or is None."""

    def __init__(self, message: str, *, code: str = "internal", hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint

    def __str__(self) -> str:
        message = str(self.args[0]) if self.args else ""
        return message if self.hint is None else f"{message} ({self.hint})"


class UnknownSecretError(KeywrightError, KeyError):
    """No ref has this name."""


class SecretNotFoundError(KeywrightError, KeyError):
    """The name is known and allowed, and its store holds no value."""


class SecretDeniedError(KeywrightError, PermissionError):
    """The policy does not allow it; no store was asked."""


class ConfigDataError(KeywrightError, ValueError, TypeError):
    """The configuration data, the name or the identity cannot be used."""


class BackendUnavailableError(KeywrightError, RuntimeError):
    """The store's program or service could not be used."""


class SecretLockedError(KeywrightError, RuntimeError):
    """The store waits for a person: a passphrase, a touch, a PIN."""


class SecretTimeoutError(KeywrightError, TimeoutError):
    """A time limit ended it."""


class AuditError(KeywrightError, RuntimeError):
    """The decision could not be written down, so nothing was handed out."""


_BY_CODE: dict[str, type[KeywrightError]] = {
    "unknown": UnknownSecretError,
    "denied": SecretDeniedError,
    "refused": SecretDeniedError,
    "not_found": SecretNotFoundError,
    "configuration": ConfigDataError,
    "invalid_ask": ConfigDataError,
    "backend": BackendUnavailableError,
    "network": BackendUnavailableError,
    "authentication": BackendUnavailableError,
    "locked": SecretLockedError,
    "timed_out": SecretTimeoutError,
    "audit": AuditError,
}


def error_from(answer: Any) -> KeywrightError:
    """The error of an answer's `error` object."""
    code = str(answer.get("code", "internal"))
    hint = answer.get("hint")
    kind = _BY_CODE.get(code, KeywrightError)
    return kind(str(answer.get("message", "keywright failed")), code=code, hint=hint)
