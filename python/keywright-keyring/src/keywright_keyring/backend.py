"""The backend that keyring finds. It asks the program keywright and decides nothing itself: whose an address is, what the
policy says and which tokens are kept, all that is the program's."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Mapping

from keyring.backend import KeyringBackend
from keyring.credentials import SimpleCredential

from . import errors, executable

# A name like `poetry-repository-main`, `python-poetry-check` or `pdm-pypi-main`. Letters, digits and these two signs make
# no URL and no host with a dot, so this needs no process. Everything else is read by the one grammar of the program.
_OPAQUE = re.compile(r"[A-Za-z0-9_-]*")

_halves = threading.local()


class _Priority:
    """9.95: before the backends that answer for the same registries (9.9), behind the one that asks all in turn (10)."""

    def __get__(self, instance: object, owner: type) -> float:
        executable.find()  # RuntimeError: not viable, so that the other backends go on without us.
        return 9.95


class KeywrightKeyring(KeyringBackend):
    """Short-lived tokens for the registries of keywright's configuration."""

    name = "keywright"
    priority = _Priority()
    keywright_executable: str | None = None
    keywright_timeout: float | str = 60

    def get_credential(self, service: str, username: str | None) -> SimpleCredential | None:
        """None: not keywright's. Raises a KeyringError when it is, and there is none to be had."""
        found = self._get(service, username)
        if found is None:
            return None
        # twine asks for the user name first, and then for its password: two halves of one question.
        _halves.kept = (os.getpid(), self, service, found, time.monotonic() + 10)
        return found

    def get_password(self, service: str, username: str) -> str | None:
        """None: not keywright's. Raises a KeyringError when it is, and there is none to be had."""
        found = self._other_half(service, username) or self._get(service, username)
        return None if found is None else found.password

    def set_password(self, service: str, username: str, password: str) -> None:
        """Does nothing for an address of keywright's, so that nobody stores the value. Raises NotImplementedError for others."""
        self._keep_off(service, errors.NotStoredError)

    def delete_password(self, service: str, username: str) -> None:
        """Does nothing for an address of keywright's. Raises NotImplementedError for others."""
        self._keep_off(service, errors.NotDeletedError)

    def _get(self, service: str, username: str | None) -> SimpleCredential | None:
        answer = self._asked("get", service, username, errors.MendaKeyRingError)
        if answer is None:
            return None
        return SimpleCredential(str(answer["username"]), str(answer["password"]))

    def _other_half(self, service: str, username: str) -> SimpleCredential | None:
        kept, _halves.kept = getattr(_halves, "kept", None), None
        if kept is None:
            return None
        process, backend, asked, found, until = kept
        same = process == os.getpid() and backend is self and asked == service and found.username == username
        return found if same and time.monotonic() < until else None

    def _keep_off(self, service: str, otherwise: type[errors.MendaKeyRingError]) -> None:
        if self._asked("whose", service, None, otherwise) is None:
            raise NotImplementedError(f"{type(self).__name__} keeps nothing")

    def _asked(
        self, operation: str, service: str, username: str | None, otherwise: type[errors.MendaKeyRingError]
    ) -> Mapping[str, object] | None:
        """None: not keywright's. `otherwise`: what a failure is that has no name of its own."""
        if _OPAQUE.fullmatch(service):
            return None
        question = {"operation": operation, "service": service, "username": username}
        answer = executable.ask(executable.find(self.keywright_executable), question, self.keywright_timeout)
        if answer.get("outcome") == "failed":
            error = answer.get("error")
            raise errors.from_answer(error if isinstance(error, dict) else {}, otherwise)
        return None if answer.get("outcome") == "foreign" else answer
