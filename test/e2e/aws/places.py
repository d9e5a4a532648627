"""Where credentials come from, as the stand-in serves them: instance metadata (version 2 only), the container endpoint,
and the portal and token endpoint of single sign-on."""
import json
import secrets
import time

from exchange import Answer, as_json

IMDS_TOKEN = "/latest/api/token"
IMDS_ROLE = "/latest/meta-data/iam/security-credentials/"


def of(world):
    """Path (and all below it), name, and what answers there."""
    own = (world.given.get("container") or {}).get("path", "/no container")
    return [
        ("/latest/", "instance", instance),
        ("/federation/credentials", "GetRoleCredentials", portal),
        ("/token", "CreateToken", refresh),
        (own, "container", container),
    ]


def instance(world, request):
    given = world.given.get("instance")
    seen = {"api": "instance", "method": request.method, "path": request.path}
    if given is None:
        return Answer(404), seen
    if request.path == IMDS_TOKEN:
        seconds = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if request.method != "PUT" or not seconds.isdecimal() or not 1 <= int(seconds) <= 21600:
            return Answer(400), seen
        if "x-forwarded-for" in request.headers:
            return Answer(403), seen
        token = secrets.token_urlsafe(40) + "=="
        world.instance_tokens[token] = world.now() + int(seconds)
        return Answer(200, token.encode(), {"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": seconds}), seen
    token = request.headers.get("x-aws-ec2-metadata-token")
    if request.method != "GET" or world.instance_tokens.get(token, 0) <= world.now():
        return Answer(401), {**seen, "why": "version 1" if token is None else "no such token"}
    name = given["role"].split("/")[-1]
    if request.path == IMDS_ROLE:
        return Answer(200, name.encode()), seen
    if request.path != IMDS_ROLE + name:
        return Answer(404), seen
    key = world.session(given["role"], given.get("name", "i-0123456789abcdef0"), given.get("seconds", 3600))
    said = {"Code": "Success", "LastUpdated": _iso(world.now()), "Type": "AWS-HMAC", **_pair(key)}
    return as_json(200, said), {**seen, "issued": key.access_key}


def container(world, request):
    given = world.given.get("container")
    seen = {"api": "container", "method": request.method, "path": request.path}
    if given is None or request.method != "GET" or request.path != given["path"]:
        return Answer(404), seen
    if request.headers.get("authorization") != given.get("authorization"):
        return as_json(401, {"code": "AccessDenied", "message": "the token is not the right one"}), {**seen, "why": "token"}
    key = world.session(given["role"], "task", given.get("seconds", 3600))
    return as_json(200, {"RoleArn": given["role"], **_pair(key)}), {**seen, "issued": key.access_key}


def portal(world, request):
    """GetRoleCredentials, which nothing signs."""
    seen = {"api": "GetRoleCredentials", "host": request.host, "params": request.query()}
    session = world.given.get("sso", {}).get("sessions", {}).get(request.headers.get("x-amz-sso_bearer_token"))
    if session is None or session.get("expired"):
        message = {"message": "Session token not found or invalid"}
        return as_json(401, message, {"x-amzn-ErrorType": "UnauthorizedException"}), {**seen, "code": "UnauthorizedException"}
    wanted = request.query()
    role = session["roles"].get(f"{wanted.get('account_id')}/{wanted.get('role_name')}")
    if request.method != "GET" or role is None:
        return as_json(403, {"message": "No access"}, {"x-amzn-ErrorType": "ForbiddenException"}), {**seen, "code": "ForbiddenException"}
    key = world.session(role, session.get("name", "someone"), session.get("seconds", 3600))
    credentials = {
        "accessKeyId": key.access_key,
        "secretAccessKey": key.secret,
        "sessionToken": key.token,
        "expiration": int(key.expires * 1000),
    }
    return as_json(200, {"roleCredentials": credentials}), {**seen, "role": role, "issued": key.access_key}


def refresh(world, request):
    """CreateToken with a refresh token, once each."""
    said = json.loads(request.body)
    seen = {"api": "CreateToken", "host": request.host, "grant": said.get("grantType")}
    clients = world.given.get("sso", {}).get("clients", {})
    fits = clients.get(said.get("clientId")) == said.get("clientSecret") and said.get("grantType") == "refresh_token"
    given = world.given.get("sso", {}).get("refresh", {}).pop(said.get("refreshToken"), None)
    if request.method != "POST" or not fits or given is None:
        code = "InvalidGrantException" if fits else "InvalidClientException"
        body = {"error": "invalid_grant" if fits else "invalid_client", "error_description": "not known"}
        return as_json(400, body, {"x-amzn-ErrorType": code}), {**seen, "code": code}
    world.given["sso"]["sessions"][given["access_token"]] = given["session"]
    reply = {"accessToken": given["access_token"], "tokenType": "Bearer", "expiresIn": 3600}
    again = given.get("refresh_token")
    return as_json(200, {**reply, **({"refreshToken": again} if again else {})}), seen


def _pair(key):
    return {
        "AccessKeyId": key.access_key,
        "SecretAccessKey": key.secret,
        "Token": key.token,
        "Expiration": _iso(key.expires),
    }


def _iso(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
