"""The repository plane of the stand-in, for Python packages: PEP 503 pages, files, and the upload of twine and uv, at
the registry's own host names. Each request is allowed by the policies of the session that its token was minted by."""
import base64
import hashlib
import re
from email.parser import BytesParser

import policies
from exchange import Answer
from world import digest

DOMAIN = r"(?P<domain>[a-z][a-z0-9-]{0,48}[a-z0-9])-(?P<owner>[0-9]{12})"
HOSTS = (
    re.compile(DOMAIN + r"\.d\.codeartifact\.(?P<region>[a-z0-9-]+)\.amazonaws\.com"),
    re.compile(DOMAIN + r"\.codeartifact\.(?P<region>[a-z0-9-]+)\.on\.aws"),
)
ENDPOINT = re.compile(r"vpce-[a-z0-9-]+\.d\.codeartifact\.(?P<region>[a-z0-9-]+)\.vpce\.amazonaws\.com")
BELOW_ENDPOINT = re.compile(r"/pypi/d/" + DOMAIN + r"(?P<rest>/.*)")
CHALLENGE = {"WWW-Authenticate": 'Basic realm="codeartifact"'}


def mine(host):
    return any(form.fullmatch(host) for form in (*HOSTS, ENDPOINT))


def answer(world, request):
    place, path = _place(request)
    parts = re.fullmatch(r"/(?P<repository>[A-Za-z0-9._-]+)/(?P<rest>.*)", path)
    seen = {"api": "repository", "host": request.host, "method": request.method, "path": request.path}
    if place is None or parts is None:
        return Answer(404), seen
    token, why = _token(world, request, place)
    if token is None:
        return Answer(401, why.encode(), CHALLENGE), {**seen, "why": why}
    seen.update(principal=token.key.principal, role=token.key.role, token_sha256=digest(_password(request)))
    if request.method == "POST" and parts["rest"] == "":
        return _upload(world, request, token, parts["repository"], seen), seen
    resource = _arn(token, f"repository/{token.domain}/{parts['repository']}")
    if not policies.allowed("codeartifact:ReadFromRepository", resource, token.key.layers):
        return _forbidden(token, "codeartifact:ReadFromRepository", resource), seen
    return _page(world, parts["repository"], parts["rest"]), seen


def _place(request):
    for form in HOSTS:
        if found := form.fullmatch(request.host):
            return found.groupdict(), request.path.removeprefix("/pypi")
    below = BELOW_ENDPOINT.fullmatch(request.path)
    endpoint = ENDPOINT.fullmatch(request.host)
    if below is None or endpoint is None:
        return None, request.path
    return {**below.groupdict(), **endpoint.groupdict()}, below["rest"]


def _token(world, request, place):
    token = world.tokens.get(_password(request))
    if token is None:
        return None, "no token of ours, or another user name than aws"
    if token.expires <= world.now():
        return None, "the token has expired"
    if (token.domain, token.owner, token.region) != (place["domain"], place["owner"], place["region"]):
        return None, "the token is for another domain"
    return token, None


def _password(request):
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    user, _, password = base64.b64decode(encoded).decode("utf-8", "replace").partition(":")
    return password if user == "aws" else None


def _upload(world, request, token, repository, seen):
    fields = _fields(request)
    name, file = fields.get("name", ""), fields.get("content")
    resource = _arn(token, f"package/{token.domain}/{repository}/pypi//{name}")
    seen.update(action=fields.get(":action"), package=name, version=fields.get("version"))
    if not policies.allowed("codeartifact:PublishPackageVersion", resource, token.key.layers):
        return _forbidden(token, "codeartifact:PublishPackageVersion", resource)
    if fields.get(":action") != "file_upload" or not isinstance(file, tuple):
        return Answer(400, b"not an upload")
    if hashlib.sha256(file[1]).hexdigest() != fields.get("sha256_digest"):
        return Answer(400, b"another digest")
    seen["stored"] = file[0]
    world.uploads.setdefault((repository, _normal(name)), {})[file[0]] = file[1]
    return Answer(200, b"{}", {"Content-Type": "application/json"})


def _fields(request):
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    fields = {}
    for part in BytesParser().parsebytes(head + request.body).get_payload():
        name = part.get_param("name", header="content-disposition")
        body = part.get_payload(decode=True)
        fields[name] = (part.get_filename(), body) if part.get_filename() else body.decode()
    return fields


def _page(world, repository, rest):
    parts = re.fullmatch(r"simple/(?P<package>[a-z0-9-]+)/(?P<file>[^/]*)", rest)
    files = world.uploads.get((repository, parts["package"])) if parts else None
    if files is None:
        return Answer(404)
    if parts["file"] == "":
        links = "".join(f'<a href="{name}">{name}</a>\n' for name in files)
        return Answer(200, f"<!DOCTYPE html>{links}".encode(), {"Content-Type": "text/html"})
    found = files.get(parts["file"])
    return Answer(404) if found is None else Answer(200, found, {"Content-Type": "application/zip"})


def _forbidden(token, action, resource):
    said = f"User: {token.key.principal} is not authorized to perform: {action} on resource: {resource}"
    return Answer(403, said.encode(), {"Content-Type": "text/plain"})


def _arn(token, resource):
    return f"arn:aws:codeartifact:{token.region}:{token.owner}:{resource}"


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()
