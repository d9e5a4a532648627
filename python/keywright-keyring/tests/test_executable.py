"""Where the program is looked for, and what happens without it: each in a Python of its own."""

import os
import shutil
import subprocess
import sys
import sysconfig

import pytest

LIST = "from keyring.backend import get_all_keyring as all; print(sorted(type(one).__name__ for one in all()))"
FIND = "from keywright_keyring.executable import find; print(find())"


@pytest.fixture
def run(tmp_path):
    """Runs Python code where no program is beside Python: sysconfig names an empty folder."""

    def run(code, path="", **env):
        empty = str(tmp_path / "scripts")
        moved = f"import sysconfig; sysconfig.get_path = lambda *_: {empty!r}\n"
        surroundings = {"HOME": str(tmp_path), "PATH": path, **env}
        return subprocess.run([sys.executable, "-c", moved + code], env=surroundings, cwd=tmp_path, text=True, capture_output=True)

    return run


@pytest.fixture
def other(tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    shutil.copy("/bin/true", folder / "keywright")
    return folder


def test_the_one_beside_python_comes_first(other):
    env = {"PATH": str(other), "HOME": str(other)}
    found = subprocess.check_output([sys.executable, "-c", FIND], env=env, text=True)
    assert found.strip() == os.path.join(sysconfig.get_path("scripts"), "keywright")


def test_then_the_first_on_the_path_that_can_run(run, other, tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "keywright").write_text("")
    (tmp_path / "folder" / "keywright").mkdir(parents=True)
    path = os.pathsep.join([str(tmp_path / "plain"), str(tmp_path / "folder"), str(other)])
    assert run(FIND, path).stdout.strip() == str(other / "keywright")


@pytest.mark.parametrize("path", ["", ".", "other", os.pathsep, "./other"])
def test_a_relative_entry_never_counts(run, other, path):
    shutil.copy(other / "keywright", other.parent / "keywright")
    ran = run(FIND, path)
    assert ran.returncode == 1
    assert "NoExecutableError: the program keywright is neither beside Python nor on the PATH" in ran.stderr


def test_a_property_names_it_and_must_be_right(run, other):
    name = "KEYRING_PROPERTY_KEYWRIGHT_EXECUTABLE"
    assert run(FIND, **{name: str(other / "keywright")}).stdout.strip() == str(other / "keywright")
    for wrong in ["other/keywright", str(other), "/nonexistent/keywright"]:
        assert "must be the absolute path of a program" in run(FIND, str(other), **{name: wrong}).stderr


def test_without_it_the_other_backends_go_on(run, other):
    without = run(LIST)
    assert "KeywrightKeyring" not in without.stdout
    assert "Keyring" in without.stdout
    assert without.stderr == ""
    assert "KeywrightKeyring" in run(LIST, str(other)).stdout


def test_without_it_keyring_hears_what_it_expects(run):
    code = """if True:
        from keywright_keyring import KeywrightKeyring
        try:
            KeywrightKeyring.priority
        except RuntimeError:
            print(KeywrightKeyring.viable)
    """
    assert run(code).stdout.strip() == "False"


def test_without_it_who_names_the_backend_is_told(run):
    ran = run("import keyring; keyring.get_keyring()", PYTHON_KEYRING_BACKEND="keywright_keyring.KeywrightKeyring")
    assert "Install the package keywright" in ran.stderr


def test_one_that_disappears_later_does_not_break_the_chain(run, other):
    code = """if True:
        import keyring, os, sys
        from keyring.backends.chainer import ChainerBackend
        chain = ChainerBackend()
        names = [type(one).__name__ for one in chain.backends]
        assert "KeywrightKeyring" in names, names
        os.unlink(sys.argv[1] if len(sys.argv) > 1 else os.environ["PATH"] + "/keywright")
        assert [type(one).__name__ for one in chain.backends] == names
        assert chain.get_password("some-name", "user") is None
    """
    ran = run(code, str(other))
    assert ran.returncode == 0, ran.stderr
