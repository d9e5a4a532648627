"""What can go wrong, under the names of menda-keyring 0.0.2; every one is a KeyringError. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

from keyring import errors


class MendaKeyRingError(errors.KeyringError):
    """Could not obtain the credential of an address that is keywright's."""

    def __init__(
        self,
        message: str | None = None,
        *,
        status_code: int | None = None,
        code: str = "internal",
        hint: str | None = None,
    ) -> None:
        """message: the first line of the class's documentation when omitted. code: one of keywright's error codes."""
        said = message or (type(self).__doc__ or type(self).__name__).strip().split("\n", 1)[0]
        super().__init__(said if hint is None else f"{said}\n  {hint}")
        self.message = said
        self.status_code = status_code
        self.code = code
        self.hint = hint


class MendaCloudAPIError(MendaKeyRingError):
    """A request to the menda cloud failed."""


class NoCachedLoginError(MendaKeyRingError):
    """No valid cached login for this profile; sign in again."""


class ProfileNotFoundError(MendaKeyRingError):
    """That profile name is not defined in the mendacfg file."""


class ProfileWithoutHostError(MendaKeyRingError):
    """The profile is missing a host."""


class M2MProfileWithoutClientCredentialsError(MendaKeyRingError):
    """The machine's profile is missing client_id or client_secret."""


class InvalidCachedTokenError(MendaKeyRingError):
    """The file with the cached token cannot be used."""


class LockedError(MendaKeyRingError, errors.KeyringLocked):
    """The store waits for a person."""


class ExecutableError(MendaKeyRingError, errors.InitError):
    """The program keywright is missing, or does not answer."""


class NoExecutableError(ExecutableError, RuntimeError):
    """The program keywright cannot be found."""


class NotStoredError(MendaKeyRingError, errors.PasswordSetError):
    """Nothing was stored, here or by any later backend."""


class NotDeletedError(MendaKeyRingError, errors.PasswordDeleteError):
    """Nothing was deleted, here or by any later backend."""


_NAMED: Mapping[str, type[MendaKeyRingError]] = {
    each.__name__: each
    for each in (
        MendaCloudAPIError,
        NoCachedLoginError,
        ProfileNotFoundError,
        ProfileWithoutHostError,
        M2MProfileWithoutClientCredentialsError,
        InvalidCachedTokenError,
    )
}


def from_answer(error: Mapping[str, object], otherwise: type[MendaKeyRingError] = MendaKeyRingError) -> MendaKeyRingError:
    """The exception for what the program said; `otherwise`: its class where the error has no name of its own."""
    code, hint, status = str(error.get("code")), error.get("hint"), error.get("status_code")
    kind = _NAMED.get(str(error.get("name")), LockedError if code == "locked" else otherwise)
    return kind(
        str(error.get("message")),
        status_code=status if isinstance(status, int) else None,
        code=code,
        hint=hint if isinstance(hint, str) else None,
    )
