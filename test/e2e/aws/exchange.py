"""A request as it was received and an answer, and the faults that any JSON service answers with. No service is here."""
import json
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    #: Lower-case names. What was sent twice is joined by a comma.
    headers: dict
    body: bytes

    @property
    def host(self):
        return self.headers.get("host", "")

    @property
    def path(self):
        return urlsplit(self.target).path

    def query(self):
        """Name → value, each once. Raises ValueError."""
        return pairs(urlsplit(self.target).query)


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: dict = field(default_factory=dict)


def pairs(text):
    """Percent-decoded; a plus is a plus, as Signature Version 4 has it."""
    found = {}
    for part in text.split("&") if text else []:
        name, equals, value = part.partition("=")
        if equals == "" or unquote(name) in found:
            raise ValueError(f"{name} has no value or comes twice")
        found[unquote(name)] = unquote(value)
    return found


def as_json(status, value, headers=None):
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


def as_xml(status, text):
    return Answer(status, text.encode(), {"Content-Type": "text/xml"})


#: Each row of the service's errors: status, further members of the body, headers.
ERRORS = {
    "ValidationException": (400, {"reason": "FIELD_VALIDATION_FAILED"}, {}),
    "AccessDeniedException": (403, {}, {}),
    "ResourceNotFoundException": (404, {"resourceId": "dom", "resourceType": "domain"}, {}),
    "ConflictException": (409, {"resourceId": "dom", "resourceType": "domain"}, {}),
    "ThrottlingException": (429, {"retryAfterSeconds": 1}, {"Retry-After": "1"}),
    "InternalServerException": (500, {}, {}),
    "UnrecognizedClientException": (403, {}, {}),
    "InvalidSignatureException": (403, {}, {}),
    "ExpiredTokenException": (403, {}, {}),
    "MissingAuthenticationTokenException": (403, {}, {}),
    "IncompleteSignatureException": (403, {}, {}),
}


def json_error(code, message, style="header", headers=None):
    """`style`: where the code stands, since services differ: in a header (also with a URL), `__type` or `code`."""
    status, more, own = ERRORS[code]
    said = {"message": message, **more}
    where = {
        "header": ({"x-amzn-ErrorType": code}, {}),
        "header with an address": ({"x-amzn-ErrorType": f"{code}:http://internal.example/coral/"}, {}),
        "type": ({}, {"__type": f"com.amazonaws.codeartifact#{code}"}),
        "code": ({}, {"code": code}),
        "Message": ({"x-amzn-ErrorType": code}, {"Message": said.pop("message")} if style == "Message" else {}),
    }[style]
    return as_json(status, {**said, **where[1]}, {**own, **where[0], **(headers or {})})


def faulty(fault, request):
    """The answer that a fault asks for; None: no answer at all. `{echo}` stands for the whole request."""
    lines = (f"{name}: {value}" for name, value in request.headers.items())
    echo = " ".join([request.target, *lines, request.body.decode("latin-1")])
    escaping = {"json": lambda text: json.dumps(text)[1:-1], "xml": escape}
    echo = escaping.get(fault.get("escaped"), str)(echo)
    kind = fault.get("kind", "error")
    if kind == "hang":
        time.sleep(fault.get("seconds", 60))
        return None
    if kind == "raw":
        text = fault["body"].replace("{echo}", echo)
        return Answer(fault["status"], text.encode(), fault.get("headers", {}))
    message = fault.get("message", "as the test wants it").replace("{echo}", echo)
    return json_error(fault["code"], message, fault.get("style", "header"), fault.get("headers"))


def http_date(at):
    return formatdate(at, usegmt=True)
