"""Verifies Signature Version 4 of a received request: botocore signs what was received with the key that is known, and
both have to agree. It does not decide what the caller may do."""
import calendar
import hmac
import re
import time

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([A-Za-z0-9]+)/([0-9]{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)
CLOCK_SKEW = 300


class Unsigned(Exception):
    """`code` is the name that JSON services use for it."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def verified(request, keys, now, service):
    """The key that signed, with the region it signed for. Raises Unsigned."""
    header = request.headers.get("authorization")
    if header is None:
        raise Unsigned("MissingAuthenticationTokenException", "Missing Authentication Token")
    parts = AUTHORIZATION.fullmatch(header)
    if parts is None:
        raise Unsigned("IncompleteSignatureException", "Authorization header is not complete")
    access_key, day, region, scope_service, names, signature = parts.groups()
    key = _known(keys.get(access_key), request, now)
    signed = names.split(";")
    _must_be_signed(request, signed)
    stamp = request.headers["x-amz-date"]
    if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", stamp) or stamp[:8] != day or scope_service != service:
        raise Unsigned("InvalidSignatureException", f"Credential should be scoped to {service} and a valid date")
    _fresh(stamp, now)
    if not hmac.compare_digest(signature, _by_botocore(request, signed, stamp, key, service, region)):
        raise Unsigned(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
        )
    return key, region


def _known(key, request, now):
    token = request.headers.get("x-amz-security-token")
    if key is None or key.token != token:
        raise Unsigned("UnrecognizedClientException", "The security token included in the request is invalid.")
    if key.expires is not None and key.expires <= now:
        raise Unsigned("ExpiredTokenException", "The security token included in the request is expired")
    return key


def _must_be_signed(request, signed):
    wanted = {"host"} | {name for name in request.headers if name.startswith("x-amz-") or name == "content-type"}
    if signed != sorted(set(signed)) or not wanted <= set(signed) or "x-amz-date" not in signed:
        raise Unsigned("InvalidSignatureException", f"SignedHeaders is not sorted, or lacks one of {sorted(wanted)}")
    if not set(signed) <= set(request.headers):
        raise Unsigned("InvalidSignatureException", "SignedHeaders names a header that was not sent")


def _fresh(stamp, now):
    at = calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    here = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    if at < now - CLOCK_SKEW:
        raise Unsigned("InvalidSignatureException", f"Signature expired: {stamp} is now earlier than {here} (- 5 min.)")
    if at > now + CLOCK_SKEW:
        raise Unsigned("InvalidSignatureException", f"Signature not yet current: {stamp} is still later than {here} (+ 5 min.)")


def _by_botocore(request, signed, stamp, key, service, region):
    # The scheme says nothing here: over https, too, what we get has its body signed.
    url = f"https://{request.headers['host']}{request.target}"
    headers = {name: request.headers[name] for name in signed}
    again = AWSRequest(method=request.method, url=url, headers=headers, data=request.body or None)
    again.context["timestamp"] = stamp
    auth = SigV4Auth(Credentials(key.access_key, key.secret, key.token), service, region)
    return auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)
