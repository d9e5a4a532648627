"""What the backend makes of the program's answers, and how it asks: by a program that stands in for keywright."""

import json
import os
import pickle
import time
from concurrent.futures import ThreadPoolExecutor

import keyring.errors
import keywright_keyring
import pytest

OURS = "https://packages.example/simple/"


def test_the_answer_in_both_forms(ring):
    found = ring.get_credential(OURS, None)
    assert (found.username, found.password) == ("aws", "token")
    assert ring.get_password(OURS, "bob") == "token"


def test_a_question_goes_in_on_standard_input_with_nothing_in_the_arguments(ring, program):
    ring.get_password("https://me:hunter2@packages.example/ü", "bob")
    [[argv, question, _]] = program.calls
    assert argv == ["keyring-backend"]
    asked = {"v": 1, "operation": "get", "service": "https://me:hunter2@packages.example/ü", "username": "bob"}
    assert json.loads(question) == asked
    assert question.isascii()


def test_a_user_name_and_its_password_are_one_question(ring, program):
    assert ring.get_credential(OURS, None).username == "aws"
    assert ring.get_password(OURS, "aws") == "token"
    assert len(program.calls) == 1
    assert ring.get_password(OURS, "aws") == "token"
    assert len(program.calls) == 2, "a half is good for one other half"


@pytest.mark.parametrize("service, username", [(OURS + "x/", "aws"), (OURS, "bob")])
def test_another_question_is_another_question(ring, program, service, username):
    ring.get_credential(OURS, None)
    ring.get_password(service, username)
    ring.get_password(OURS, "aws")
    assert len(program.calls) == 3


def test_a_half_grows_old(ring, program, monkeypatch):
    import keywright_keyring.backend as module

    ring.get_credential(OURS, None)
    later = module.time.monotonic() + 11
    monkeypatch.setattr(module.time, "monotonic", lambda: later)
    ring.get_password(OURS, "aws")
    assert len(program.calls) == 2


def test_another_backend_object_or_thread_or_process_does_not_get_the_half(ring, program):
    other = ring.with_properties()
    ring.get_credential(OURS, None)
    other.get_password(OURS, "aws")
    ring.get_credential(OURS, None)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(ring.get_password, OURS, "aws").result()
    assert len(program.calls) == 4
    child = os.fork()
    if child == 0:
        os._exit(0 if ring.get_password(OURS, "aws") == "token" else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(program.calls) == 5
    assert program.calls[-1][2] == child


def test_many_threads_at_once(ring, program):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: ring.get_password(f"{OURS}{n}/", "aws"), range(64)))
    assert answers == ["token"] * 64
    assert len(program.calls) == 64


@pytest.mark.parametrize("name", ["", "python-poetry-check", "poetry-repository-main", "pdm-pypi-main", "system", "login2", "a_b"])
def test_a_name_that_is_no_address_starts_no_process(ring, program, name):
    assert ring.get_password(name, "user") is None
    assert ring.get_credential(name, None) is None
    for change in (lambda: ring.set_password(name, "user", "x"), lambda: ring.delete_password(name, "user")):
        with pytest.raises(NotImplementedError):
            change()
    assert program.calls == []


def test_not_ours(ring, program):
    program.answers(outcome="foreign")
    assert ring.get_password(OURS, "user") is None
    assert ring.get_credential(OURS, None) is None
    with pytest.raises(NotImplementedError):
        ring.set_password(OURS, "user", "x")
    with pytest.raises(NotImplementedError):
        ring.delete_password(OURS, "user")


def test_ours_stores_and_deletes_nothing_and_the_value_goes_nowhere(ring, program):
    program.answers(outcome="ours")
    assert ring.set_password(OURS, "user", "hunter2") is None
    assert ring.delete_password(OURS, "user") is None
    assert [json.loads(question)["operation"] for _, question, _ in program.calls] == ["whose", "whose"]
    assert "hunter2" not in program.log.read_text()


NAMES = [
    "MendaKeyRingError",
    "MendaCloudAPIError",
    "NoCachedLoginError",
    "ProfileNotFoundError",
    "ProfileWithoutHostError",
    "M2MProfileWithoutClientCredentialsError",
    "InvalidCachedTokenError",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_has_its_old_name(ring, program, name):
    error = {"name": name, "code": "backend", "message": "said", "hint": "do it", "status_code": 403}
    program.answers(outcome="failed", error=error)
    for ask in (lambda: ring.get_password(OURS, "aws"), lambda: ring.get_credential(OURS, None)):
        with pytest.raises(keyring.errors.KeyringError) as caught:
            ask()
        assert type(caught.value) is getattr(keywright_keyring, name)
        assert str(caught.value) == "said\n  do it"
        assert (caught.value.status_code, caught.value.code, caught.value.hint) == (403, "backend", "do it")
        again = pickle.loads(pickle.dumps(caught.value))
        assert (str(again), again.status_code, again.message) == (str(caught.value), 403, "said")


def test_the_old_names_can_be_raised_as_they_could():
    error = keywright_keyring.NoCachedLoginError()
    assert (str(error), error.status_code) == ("No valid cached login for this profile; sign in again.", None)
    error = keywright_keyring.MendaCloudAPIError(message="registry/token returned HTTP 403", status_code=403)
    assert (str(error), error.status_code) == ("registry/token returned HTTP 403", 403)


def test_a_failure_keeps_others_from_storing(ring, program):
    error = {"name": "MendaKeyRingError", "code": "configuration", "message": "said", "hint": None, "status_code": None}
    program.answers(outcome="failed", error=error)
    with pytest.raises(keyring.errors.PasswordSetError):
        ring.set_password(OURS, "aws", "x")
    with pytest.raises(keyring.errors.PasswordDeleteError):
        ring.delete_password(OURS, "aws")


def test_locked_is_keyrings_locked(ring, program):
    error = {"name": "MendaKeyRingError", "code": "locked", "message": "said", "hint": None, "status_code": None}
    program.answers(outcome="failed", error=error)
    with pytest.raises(keyring.errors.KeyringLocked):
        ring.get_password(OURS, "aws")


@pytest.mark.parametrize(
    "body", ["", "print('noise')", "print('[1]')", "print('{\"v\": 2, \"outcome\": \"foreign\"}')", "sys.exit(3)", "os.kill(os.getpid(), 9)"]
)
def test_a_program_that_makes_no_sense_is_a_failure_that_repeats_nothing(ring, program, body):
    program.does(body)
    with pytest.raises(keyring.errors.InitError) as caught:
        ring.get_password(OURS, "aws")
    assert "noise" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(keyring.errors.InitError):
        ring.set_password(OURS, "aws", "x")


def test_a_program_that_does_not_end_is_given_up(ring, program):
    program.does("time.sleep(60)")
    slow = ring.with_properties(keywright_timeout="0.5")
    begun = time.monotonic()
    with pytest.raises(keywright_keyring.ExecutableError, match="longer than 0.5 s"):
        slow.get_password(OURS, "aws")
    assert time.monotonic() - begun < 4


def test_a_program_that_is_gone_or_cannot_run_is_a_failure(ring, program):
    program.path.write_text("#!/nonexistent\n")
    with pytest.raises(keywright_keyring.ExecutableError, match="cannot be started"):
        ring.get_password(OURS, "aws")
    program.path.unlink()
    with pytest.raises(keyring.errors.KeyringError):
        ring.get_password(OURS, "aws")


def test_nothing_is_written_to_standard_output(ring, program, capfd):
    program.does("sys.stderr.write('said\\n'); print('{\"v\": 1, \"outcome\": \"foreign\"}')")
    assert ring.get_password(OURS, "aws") is None
    assert capfd.readouterr() == ("", "said\n")
