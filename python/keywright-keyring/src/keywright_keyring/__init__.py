"""keyring backend of keywright, and what it raises. Only re-exports."""

from .backend import KeywrightKeyring
from .errors import (
    ExecutableError,
    InvalidCachedTokenError,
    LockedError,
    M2MProfileWithoutClientCredentialsError,
    MendaCloudAPIError,
    MendaKeyRingError,
    NoCachedLoginError,
    NoExecutableError,
    NotDeletedError,
    NotStoredError,
    ProfileNotFoundError,
    ProfileWithoutHostError,
)

__all__ = [
    "ExecutableError",
    "InvalidCachedTokenError",
    "KeywrightKeyring",
    "LockedError",
    "M2MProfileWithoutClientCredentialsError",
    "MendaCloudAPIError",
    "MendaKeyRingError",
    "NoCachedLoginError",
    "NoExecutableError",
    "NotDeletedError",
    "NotStoredError",
    "ProfileNotFoundError",
    "ProfileWithoutHostError",
]
