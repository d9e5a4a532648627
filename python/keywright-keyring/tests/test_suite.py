"""keyring's own tests for backends, on the chain of this backend and one that stores: nothing that others keep is disturbed.
The program that is asked is the real one (beside Python), with the built-in configuration."""

from keyring import backend, credentials, errors
from keyring.backends.chainer import ChainerBackend
from keyring.testing.backend import BackendBasicTests
from keywright_keyring import KeywrightKeyring


class Memory(backend.KeyringBackend):
    """Keeps what it is given. It comes after ours."""

    priority = 5

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def get_credential(self, service, username):
        for (kept, user), password in self.kept.items():
            if kept == service and username in (None, user):
                return credentials.SimpleCredential(user, password)
        return None

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        if self.kept.pop((service, username), None) is None:
            raise errors.PasswordDeleteError("not found")


def chained():
    backend._limit = lambda one: isinstance(one, (KeywrightKeyring, Memory))
    chain = ChainerBackend()
    chain.backends[1].kept.clear()
    assert [type(one) for one in chain.backends] == [KeywrightKeyring, Memory]
    return chain


class TestInFrontOfAnother(BackendBasicTests):
    def init_keyring(self):
        return chained()


class TestAlone:
    """What of the suite is not about storing."""

    test_name_property = BackendBasicTests.test_name_property
    test_set_properties = BackendBasicTests.test_set_properties
    test_new_with_properties = BackendBasicTests.test_new_with_properties

    @property
    def keyring(self):
        self.__dict__.setdefault("made", KeywrightKeyring())
        return self.made


def test_names_that_only_look_odd_reach_the_next_backend():
    chain = chained()
    for service in ["DOMAIN\\user", "Заметки", "tab\tbed", "1.2.3", "a.b.1", "xn--", "https://other.example:99999/", "gh:github.com", ""]:
        chain.set_password(service, "me", "kept")
        assert chain.get_password(service, "me") == "kept", service
        chain.delete_password(service, "me")


def test_what_looks_like_ours_reaches_nobody():
    chain = chained()
    host = "dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com"
    for service in [
        f"https://{host}.evil.example/",
        f"https://{host}@evil.example/",
        f"http://{host}/",
        f"\\\\{host}\\share",
        f"https://{host.replace('.', '。')}/",
        f"https://{host.replace('codeartifact', 'ｃodeartifact')}/",
        "https://dom.d.code\u00adartifact.eu-west-1.amazonaws.com/",
        f"https://{host}\n.evil.example/",
        "x.d.codeartifact.eu-west-1.аmazonaws.com",
    ]:
        for act in [
            lambda: chain.get_password(service, "aws"),
            lambda: chain.get_credential(service, None),
            lambda: chain.set_password(service, "aws", "hunter2"),
            lambda: chain.delete_password(service, "aws"),
        ]:
            try:
                act()
            except errors.KeyringError as error:
                assert error.code == "refused", service
            else:
                raise AssertionError(service)
    assert chain.backends[1].kept == {}
