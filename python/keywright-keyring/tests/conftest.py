"""A program that stands in for keywright: it writes down how it was called, and answers what it is told to."""

import json
import stat
import sys

import pytest

_PROGRAM = """#!{python}
import json, os, sys, time
question = sys.stdin.read()
with open({log!r}, "a") as log:
    log.write(json.dumps([sys.argv[1:], question, os.getppid()]) + "\\n")
{body}
"""


class Program:
    def __init__(self, folder):
        self.path = folder / "keywright"
        self.log = folder / "log"

    def does(self, body):
        self.path.write_text(_PROGRAM.format(python=sys.executable, log=str(self.log), body=body))
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)

    def answers(self, **answer):
        self.does(f"print({json.dumps(json.dumps({'v': 1, **answer}))})")

    @property
    def calls(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path)


@pytest.fixture
def ring(program):
    from keywright_keyring import KeywrightKeyring

    program.answers(outcome="answered", username="aws", password="token")
    return KeywrightKeyring().with_properties(keywright_executable=str(program.path))
