"""A backend of the Python library keyring that asks the `keyring` on the PATH, as a shim for twine does. For tests only."""
import subprocess

from keyring.backend import KeyringBackend
from keyring.credentials import SimpleCredential


class Command(KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        lines = self.ask("get", service, username)
        return lines[0] if lines else None

    def get_credential(self, service, username):
        lines = self.ask("--mode=creds", "get", service, *([username] if username else []))
        return SimpleCredential(*lines) if lines else None

    def set_password(self, service, username, password):
        raise NotImplementedError

    def ask(self, *words):
        # What it says on standard error goes to whoever runs twine.
        ran = subprocess.run(["keyring", *words], stdout=subprocess.PIPE, text=True)
        return ran.stdout.splitlines() if ran.returncode == 0 else None
