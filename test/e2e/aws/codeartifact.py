"""CodeArtifact of the stand-in: GetAuthorizationToken. A token is bound to the session that asked for it, with the
policies of that session, which `index.py` asks when somebody uses it."""
import re

import models
import policies
from exchange import as_json, faulty, json_error
from signatures import Unsigned, verified
from world import digest

PATH = "/v1/authorization-token"
LONGEST = 43200
HOST = re.compile(r"codeartifact(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com|api\.aws)")


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def answer(world, request):
    """The answer (None: none at all), and what to record."""
    seen = {"api": "GetAuthorizationToken", "host": request.host, "user_agent": request.headers.get("user-agent")}
    try:
        return _token(world, request, seen), seen
    except Unsigned as error:
        seen.update(code=error.code, signature=str(error))
        return json_error(error.code, str(error)), seen
    except (models.Invalid, ValueError) as error:
        seen.update(code="ValidationException", why=str(error))
        return json_error("ValidationException", str(error)), seen
    except Refused as error:
        seen["code"] = error.code
        return json_error(error.code, str(error)), seen


def _token(world, request, seen):
    key, region = verified(request, world.keys, world.now(), "codeartifact")
    seen.update(principal=key.principal, role=key.role, access_key_id=key.access_key, region=region, signature="valid")
    host = HOST.fullmatch(request.host)
    if host is not None and host[1] != region:
        raise Unsigned("InvalidSignatureException", f"Credential should be scoped to a valid region: {host[1]}")
    if request.body != b"" or "x-amz-target" in request.headers:
        raise models.Invalid("the body is empty, and there is no target")
    given = request.query()
    seen["params"] = given
    models.check("codeartifact", "GetAuthorizationToken", given)
    if fault := world.fault("GetAuthorizationToken", given["domain"]):
        seen["fault"] = fault.get("code", fault.get("kind"))
        return faulty(fault, request)
    owner = given.get("domain-owner", key.account)
    _allowed(key, f"arn:aws:codeartifact:{region}:{owner}:domain/{given['domain']}")
    domain = world.given.get("domains", {}).get(given["domain"])
    if domain is None or domain["owner"] != owner or region not in domain["regions"]:
        raise Refused("ResourceNotFoundException", f"Domain '{given['domain']}' in account {owner} does not exist.")
    text, token = world.mint(key, given["domain"], owner, region, _seconds(world, key, given))
    seen.update(token_sha256=digest(text), expires=token.expires)
    return as_json(200, {"authorizationToken": text, "expiration": round(token.expires, 3)})


def _seconds(world, key, given):
    seconds = int(given.get("duration", LONGEST))
    if seconds == 0:
        if key.expires is None:
            raise models.Invalid("duration 0 is for temporary credentials")
        return key.expires - world.now()
    if seconds < 900:
        raise models.Invalid("duration is 0, or between 900 and 43200")
    return seconds


def _allowed(key, domain):
    for action, resource in [("codeartifact:GetAuthorizationToken", domain), ("sts:GetServiceBearerToken", "*")]:
        if not policies.allowed(action, resource, key.layers):
            said = f"User: {key.principal} is not authorized to perform: {action} on resource: {resource}"
            raise Refused("AccessDeniedException", said)
