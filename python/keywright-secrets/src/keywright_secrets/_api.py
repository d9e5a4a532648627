"""SecretsApi with the names of mxm-secrets 0.3. It decides nothing: every question goes to the keywright process."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Self, overload

from ._child import Child, Forgotten, shared
from ._errors import ConfigDataError, SecretNotFoundError

_FIELDS = ("app", "environment", "machine", "substrate", "role")


class SecretsApi:
    """Made by `from_config_data` or `from_configuration`. Safe for threads."""

    def __init__(self, config: Mapping[str, Any] | None, *, child: Child | None = None) -> None:
        self._config = config
        self._child = child or shared
        self._opened: tuple[tuple[int, int], int] | None = None

    @classmethod
    def from_config_data(cls, config_data: Mapping[str, Any]) -> Self:
        """Checks the data at once. Raises ConfigDataError for the first thing that is wrong with it."""
        if not isinstance(config_data, Mapping):  # None, an empty file as YAML reads it, would be the machine's configuration
            raise ConfigDataError("the configuration data is no mapping", code="configuration")
        config = _plain(config_data, "the configuration data")
        api = cls(config)
        api._api(config)
        return api

    @classmethod
    def from_configuration(cls) -> Self:
        """Asks the configuration files of keywright. The identity is theirs, too: get_secret takes none."""
        return cls(None)

    @overload
    def get_secret(self, secret_name: str, *, identity: Any = ..., default: str, reason: str | None = ...) -> str: ...
    @overload
    def get_secret(
        self, secret_name: str, *, identity: Any = ..., default: None = ..., reason: str | None = ...
    ) -> str | None: ...
    def get_secret(
        self,
        secret_name: str,
        *,
        identity: Any = None,
        default: str | None = None,
        reason: str | None = None,
    ) -> str | None:
        """The value. `default` (None unless given) when it is allowed and there is no value; for nothing else.

        `identity` is a RuntimeIdentity, or anything with those five attributes. Raises KeywrightError and its kinds.
        """
        question: dict[str, Any] = {"op": "get", "secret": secret_name, "reason": reason}
        if self._config is not None:
            question["identity"] = _identity(identity)
        elif identity is not None:
            raise ConfigDataError("the identity is that of the configuration, none can be given", code="invalid_ask")
        answer = self._ask(question)
        return default if answer.get("missing") is True else answer["value"]

    def require_secret(self, secret_name: str, *, identity: Any = None, reason: str | None = None) -> str:
        """The same, but a missing value raises SecretNotFoundError."""
        value = self.get_secret(secret_name, identity=identity, reason=reason)
        if value is None:
            raise SecretNotFoundError(f"there is no value for {secret_name}", code="not_found")
        return value

    def check_ready(self) -> bool:
        """Whether every store can be used now."""
        return self._ask({"op": "check"})["ready"] is True

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        while self._config is not None:
            generation, api = self._api(self._config)
            try:
                return self._child.ask({**question, "api": api}, generation)
            except Forgotten:  # in the process of now this number is nobody's, or another configuration's
                continue
        return self._child.ask(question)

    def _api(self, config: Mapping[str, Any]) -> tuple[tuple[int, int], int]:
        """In which process it is opened, and its number there; another process is told anew."""
        while True:
            opened, generation = self._opened, self._child.generation()
            if opened is not None and opened[0] == generation:
                return opened
            try:
                self._opened = (generation, self._child.ask({"op": "open", "config": config}, generation)["api"])
            except Forgotten:
                continue


def _identity(identity: Any) -> dict[str, str]:
    if identity is None:
        raise ConfigDataError("get_secret needs an identity", code="invalid_ask")
    return {name: _word(getattr(identity, name, None)) for name in _FIELDS}


def _word(value: Any) -> str:
    return "" if value is None else str(value)


def _plain(value: Any, what: str) -> Any:
    """Mappings and sequences of any kind as JSON has them."""
    if value is None or isinstance(value, (str, int, bool)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, f"{what}: {key}") for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, what) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name), what) for field in fields(value)}
    raise ConfigDataError(f"{what} holds a {type(value).__name__}", code="configuration")
