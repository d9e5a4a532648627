"""What the stand-in knows: users, roles, what it issued (session credentials, registry tokens), its clock, the faults
that it was told to answer with, and the record of everything that it saw. It speaks no protocol."""
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Key:
    access_key: str
    secret: str
    token: str | None
    expires: float | None
    #: The caller as AWS writes it, and its role where there is one.
    principal: str
    role: str | None
    #: Each layer must allow an action: the identity's policies, then the session's.
    layers: tuple = ()

    @property
    def account(self):
        return self.principal.split(":")[4]


@dataclass(frozen=True)
class Token:
    key: Key
    domain: str
    owner: str
    region: str
    expires: float


@dataclass
class World:
    given: dict
    record_path: str
    ahead: float = 0
    faults: list = field(default_factory=list)
    tokens: dict = field(default_factory=dict)
    uploads: dict = field(default_factory=dict)
    instance_tokens: dict = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self):
        for place, files in self.given.get("packages", {}).items():
            for path in files:
                with open(path, "rb") as file:
                    self.uploads.setdefault(tuple(place.split("/")), {})[path.split("/")[-1]] = file.read()
        self.keys = {
            access_key: Key(
                access_key,
                user["secret"],
                user.get("token"),
                user.get("expires"),
                user["arn"],
                None,
                (tuple(user["policies"]),),
            )
            for access_key, user in self.given.get("users", {}).items()
        }

    def now(self):
        return time.time() + self.ahead

    def role(self, arn):
        return self.given.get("roles", {}).get(arn)

    def session(self, role, name, duration, policy=None):
        """New temporary credentials of a role; `policy` narrows them."""
        layers = (tuple(self.role(role)["policies"]),) + (((policy,),) if policy else ())
        account, path = role.split(":")[4], role.split(":")[5]
        fixed = self.given.get("fixed", {})
        key = Key(
            "ASIA" + secrets.token_hex(8).upper(),
            fixed.get("secret", secrets.token_urlsafe(30)),
            fixed.get("token", secrets.token_urlsafe(60) + "/+=="),
            self.now() + duration,
            f"arn:aws:sts::{account}:assumed-role/{path.split('/')[-1]}/{name}",
            role,
            layers,
        )
        with self.lock:
            self.keys[key.access_key] = key
        return key

    def mint(self, key, domain, owner, region, seconds):
        text = self.given.get("fixed", {}).get("mint", "eyJ2ZXIiOjF9." + secrets.token_urlsafe(300))
        token = Token(key, domain, owner, region, self.now() + seconds)
        with self.lock:
            self.tokens[text] = token
        return text, token

    def fault(self, api, about=None):
        """The fault to answer this call with; None: none. `about`: the domain or role, since a fault may be for one only."""
        with self.lock:
            for one in self.faults:
                if one["api"] == api and one.get("about", about) == about and one.get("times", 1) != 0:
                    one["times"] = one.get("times", 1) - 1
                    return one
        return None

    def record(self, **entry):
        with self.lock, open(self.record_path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"at": self.now(), **entry}) + "\n")


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()
