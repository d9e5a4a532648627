"""The one `keywright resolve --jsonl` process of this program: started by the first question, shared by all threads, and gone with
the program. Questions and answers are lines of JSON on its standard input and output."""

from __future__ import annotations

import atexit
import itertools
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from typing import Any

from ._errors import BackendUnavailableError, ConfigDataError, error_from

_LONGEST_LINE = 4 * 1024 * 1024


class Forgotten(Exception):
    """The process that was meant has ended; nothing was asked."""


class Child:
    """Safe for threads; after a fork the new process starts a child of its own."""

    def __init__(self, command: list[str] | None = None) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._ids = itertools.count(1)
        self._waiting: dict[int, _Answer] = {}
        if hasattr(os, "register_at_fork"):  # another thread may hold the lock at that moment
            os.register_at_fork(after_in_child=self._unlock)

    def _unlock(self) -> None:
        self._lock = threading.Lock()

    def generation(self) -> tuple[int, int]:
        """Another one means that the child has forgotten what was opened in it."""
        with self._lock:
            process = self._running()
            return (os.getpid(), process.pid)

    def ask(self, question: dict[str, Any], generation: tuple[int, int] | None = None) -> dict[str, Any]:
        """The answer. Raises what its `error` says, BackendUnavailableError when the process ends, and Forgotten when it is not
        the one of `generation` any more."""
        answer = _Answer()
        with self._lock:
            process = self._running()
            if generation is not None and generation != (self._owner, process.pid):
                raise Forgotten
            number = next(self._ids)
            line = json.dumps({"id": number, **question}).encode() + b"\n"
            if len(line) > _LONGEST_LINE:  # it would end the process, and with it the questions of other threads
                raise ConfigDataError(f"a question of more than {_LONGEST_LINE} bytes", code="configuration")
            self._waiting[number] = answer
            try:
                assert process.stdin is not None
                process.stdin.write(line)
                process.stdin.flush()
            except OSError as error:
                self._waiting.pop(number, None)
                raise _ended() from error
        reply = answer.wait()
        if reply is None:
            raise _ended()
        if "error" in reply:
            raise error_from(reply["error"])
        return reply

    def close(self) -> None:
        """Ends the process; a later question starts another one."""
        with self._lock:
            process, self._process = self._process, None
            mine = self._owner == os.getpid()
        if process is None or not mine:
            return
        assert process.stdin is not None
        try:
            process.stdin.close()
        except OSError:
            pass
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._owner == os.getpid() and self._process.poll() is None:
            return self._process
        self._waiting = {}
        self._owner = os.getpid()
        command = self._command or [*_executable(), "resolve", "--jsonl"]
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise BackendUnavailableError(f"keywright cannot be started: {error.strerror}", code="backend") from error
        threading.Thread(target=_read, args=(self._process, self._waiting), daemon=True).start()
        atexit.register(self.close)
        return self._process


class _Answer:
    def __init__(self) -> None:
        self._there = threading.Event()
        self._reply: dict[str, Any] | None = None

    def give(self, reply: dict[str, Any] | None) -> None:
        self._reply = reply
        self._there.set()

    def wait(self) -> dict[str, Any] | None:
        self._there.wait()
        return self._reply


def _read(process: subprocess.Popen[bytes], waiting: dict[int, _Answer]) -> None:
    assert process.stdout is not None
    try:
        for line in process.stdout:
            reply = json.loads(line)
            answer = waiting.pop(reply.get("id"), None)
            if answer is not None:
                answer.give(reply)
    except (ValueError, OSError):
        process.kill()
    while waiting:
        _, answer = waiting.popitem()
        answer.give(None)


def _ended() -> BackendUnavailableError:
    return BackendUnavailableError(
        "the keywright process ended before it answered", code="backend", hint="See what it wrote to standard error."
    )


def _executable() -> list[str]:
    """The script that was installed beside this Python, else the one on the PATH (absolute entries only)."""
    name = "keywright.exe" if sys.platform == "win32" else "keywright"
    beside = Path(sysconfig.get_path("scripts")) / name
    if beside.is_file():
        return [str(beside)]
    path = os.pathsep.join(entry for entry in os.get_exec_path() if os.path.isabs(entry))
    found = shutil.which(name, path=path)
    if found is None:
        raise BackendUnavailableError(
            "there is no keywright on the PATH", code="backend", hint="Install it: pip install keywright"
        )
    return [found]


shared = Child()
