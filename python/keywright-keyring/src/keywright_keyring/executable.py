"""Finds the program keywright, and asks it one question. Knows nothing of addresses or of keyring's backends."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping

from .errors import ExecutableError, NoExecutableError

PROPERTY = "KEYRING_PROPERTY_KEYWRIGHT_EXECUTABLE"
_NAME = "keywright.exe" if os.name == "nt" else "keywright"
_FORMAT = 1


def find(named: str | None = None) -> str:
    """The path of the program; what was found once is not looked for again. Raises NoExecutableError, a RuntimeError too."""
    return _find(named or os.environ.get(PROPERTY))


@functools.cache
def _find(named: str | None) -> str:
    if named and not _usable(named):
        raise NoExecutableError(f"{PROPERTY} must be the absolute path of a program, not {named}", code="configuration")
    found = named or next(filter(_usable, _places()), None)
    if found is None:
        raise NoExecutableError(
            f"the program {_NAME} is neither beside Python nor on the PATH",
            code="configuration",
            hint=f"Install the package keywright, or name the program in {PROPERTY}.",
        )
    return found


def ask(executable: str, question: Mapping[str, object], timeout: float | str) -> Mapping[str, object]:
    """One process, one question, one answer. The question goes in on standard input, since others can read arguments."""
    try:
        ran = subprocess.run(
            [executable, "keyring-backend"],
            input=json.dumps({"v": _FORMAT, **question}).encode("ascii"),
            stdout=subprocess.PIPE,
            timeout=float(timeout),
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        hint = "KEYRING_PROPERTY_KEYWRIGHT_TIMEOUT sets how long to wait."
        raise ExecutableError(f"{executable} took longer than {timeout} s", code="timed_out", hint=hint) from None
    except (OSError, ValueError) as error:
        raise ExecutableError(f"{executable} cannot be started ({error})", hint=_INSTALL) from error
    try:
        answer = json.loads(ran.stdout)
    except ValueError:
        answer = None  # Not its cause: what a parser says may hold what it read.
    if not isinstance(answer, dict) or answer.get("v") != _FORMAT:
        raise ExecutableError(f"{executable} gave no answer (exit code {ran.returncode})", hint=_INSTALL)
    return answer


_INSTALL = "Install keywright and keywright-keyring of one release."


def _places() -> Iterator[str]:
    """Absolute ones only: the working directory must not say which program is asked for credentials."""
    user = sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))
    folders = [sysconfig.get_path("scripts"), user, *os.environ.get("PATH", "").split(os.pathsep)]
    yield from (os.path.join(folder, _NAME) for folder in folders if folder)


def _usable(path: str) -> bool:
    return os.path.isabs(path) and os.path.isfile(path) and os.access(path, os.X_OK)
