"""STS of the stand-in: AssumeRole, AssumeRoleWithWebIdentity and GetCallerIdentity of the query protocol. It checks the
parameters by botocore's model and the trust of the role."""
import json
import re
import time
from urllib.parse import unquote_plus
from xml.sax.saxutils import escape

import models
import policies
from exchange import as_xml, faulty
from signatures import Unsigned, verified

VERSION = "2011-06-15"
#: The query protocol has other names for what is wrong with a signature.
NAMES = {
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "ExpiredTokenException": "ExpiredToken",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "IncompleteSignatureException": "IncompleteSignature",
}


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


def answer(world, request):
    """The answer, and what to record."""
    given = dict(_form(request))
    api = given.pop("Action", "?")
    seen = {"api": api, "host": request.host, "params": _shown(given)}
    try:
        if given.pop("Version", None) != VERSION:
            raise Refused(400, "NoSuchVersion", "no such version")
        known = {"AssumeRole": _assume, "AssumeRoleWithWebIdentity": _web_identity, "GetCallerIdentity": _caller}
        if api not in known:
            raise Refused(400, "InvalidAction", f"no operation {api}")
        fault = world.fault(api, given.get("RoleArn"))
        if fault:
            seen["fault"] = fault.get("code", fault.get("kind"))
        return (_faulty(fault, request) if fault else known[api](world, request, given, seen)), seen
    except Unsigned as error:
        refused = Refused(403, NAMES[error.code], str(error))
    except models.Invalid as error:
        refused = Refused(400, "ValidationError", str(error))
    except Refused as error:
        refused = error
    seen["code"] = refused.code
    return _error(refused), seen


def _form(request):
    kind = request.headers.get("content-type", "")
    if request.method != "POST" or request.path != "/" or not kind.startswith("application/x-www-form-urlencoded"):
        raise ValueError("STS takes a form at /")
    for part in request.body.decode("ascii").split("&"):
        name, equals, value = part.partition("=")
        if equals == "":
            raise ValueError(f"{name} has no value")
        yield unquote_plus(name), unquote_plus(value)


def _shown(given):
    return {name: "…" if name == "WebIdentityToken" else value for name, value in given.items()}


def _signed_by(world, request, seen):
    key, region = verified(request, world.keys, world.now(), "sts")
    seen.update(principal=key.principal, access_key_id=key.access_key, region=region, signature="valid")
    host = re.fullmatch(r"sts(?:\.([a-z0-9-]+))?\.amazonaws\.com", request.host)
    if host is not None and (host[1] or "us-east-1") != region:
        raise Unsigned("InvalidSignatureException", f"Credential should be scoped to a valid region, not {region}")
    return key


def _assume(world, request, given, seen):
    key = _signed_by(world, request, seen)
    _check("AssumeRole", given)
    arn = given["RoleArn"]
    role = world.role(arn)
    trusted = role and (key.role or key.principal) in role["trusts"]
    if not trusted or role.get("external_id") != given.get("ExternalId"):
        refused = f"User: {key.principal} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise Refused(403, "AccessDenied", refused)
    chained = 3600 if key.role else 43200
    session = _session(world, given, min(chained, role.get("max_duration", 3600)))
    seen.update(role=arn, session=session.principal, issued=session.access_key)
    return _credentials("AssumeRole", session)


def _web_identity(world, request, given, seen):
    if "authorization" in request.headers:
        raise Refused(400, "ValidationError", "the call with a web identity is not signed")
    _check("AssumeRoleWithWebIdentity", given)
    claims = world.given.get("web_identities", {}).get(given["WebIdentityToken"])
    if claims is None:
        raise Refused(400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider")
    if claims.get("expired"):
        raise Refused(400, "ExpiredTokenException", "Token expired: current date/time must be before the expiration")
    if given["RoleArn"] not in claims["roles"]:
        raise Refused(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    session = _session(world, given, 43200)
    seen.update(role=given["RoleArn"], session=session.principal, issued=session.access_key)
    return _credentials("AssumeRoleWithWebIdentity", session)


def _caller(world, request, given, seen):
    key = _signed_by(world, request, seen)
    body = f"<Arn>{escape(key.principal)}</Arn><UserId>x</UserId><Account>{key.account}</Account>"
    return _result("GetCallerIdentity", body)


def _check(operation, given):
    models.check("sts", operation, _gathered(given))


def _gathered(given):
    """`Tags.member.1.Key` and the like, as the model has them. Numbers have to be 1, 2, 3, …"""
    plain = {name: value for name, value in given.items() if ".member." not in name}
    lists = {}
    for name in given.keys() - plain.keys():
        parts = re.fullmatch(r"(\w+)\.member\.([0-9]+)(?:\.(\w+))?", name)
        if parts is None:
            raise models.Invalid(f"{name} is not known")
        whole, at, member = parts.groups()
        numbered = lists.setdefault(whole, {})
        if member:
            numbered.setdefault(int(at), {})[member] = given[name]
        else:
            numbered[int(at)] = given[name]
    for whole, numbered in lists.items():
        if sorted(numbered) != list(range(1, len(numbered) + 1)):
            raise models.Invalid(f"{whole} is not numbered from 1 on")
        plain[whole] = [numbered[at] for at in sorted(numbered)]
    keys = [tag["Key"].lower() for tag in plain.get("Tags", [])]
    if len(keys) != len(set(keys)):
        raise models.Invalid("duplicate tag keys")
    return plain


def _session(world, given, longest):
    seconds = int(given.get("DurationSeconds", min(3600, longest)))
    if seconds > longest:
        raise Refused(400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    policy = None
    if "Policy" in given:
        try:
            policy = policies.parsed(json.loads(given["Policy"]))
        except (ValueError, AttributeError) as error:
            raise Refused(400, "MalformedPolicyDocument", str(error)) from None
    return world.session(given["RoleArn"], given["RoleSessionName"], seconds, policy)


def _credentials(operation, key):
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(key.expires))
    credentials = (
        f"<AccessKeyId>{key.access_key}</AccessKeyId><SecretAccessKey>{escape(key.secret)}</SecretAccessKey>"
        f"<SessionToken>{escape(key.token)}</SessionToken><Expiration>{until}</Expiration>"
    )
    user = f"<AssumedRoleId>AROAEXAMPLE:x</AssumedRoleId><Arn>{escape(key.principal)}</Arn>"
    return _result(operation, f"<AssumedRoleUser>{user}</AssumedRoleUser><Credentials>{credentials}</Credentials>")


def _result(operation, inner):
    space = "https://sts.amazonaws.com/doc/2011-06-15/"
    metadata = "<ResponseMetadata><RequestId>stand-in</RequestId></ResponseMetadata>"
    body = f"<{operation}Result>\n  {inner}\n</{operation}Result>\n{metadata}"
    return as_xml(200, f'<{operation}Response xmlns="{space}">\n{body}\n</{operation}Response>')


def _error(refused):
    inner = f"<Type>Sender</Type><Code>{refused.code}</Code><Message>{escape(str(refused))}</Message>"
    space = "https://sts.amazonaws.com/doc/2011-06-15/"
    return as_xml(refused.status, f'<ErrorResponse xmlns="{space}"><Error>{inner}</Error><RequestId>stand-in</RequestId></ErrorResponse>')


def _faulty(fault, request):
    if "kind" in fault:
        return faulty(fault, request)
    return _error(Refused(fault["status"], fault["code"], fault.get("message", "as the test wants it")))
