"""What Authlib does as a person's program and as a client with a key: authorization code on loopback with PKCE, refresh,
revocation; private_key_jwt. Settings: a first line of JSON on standard input; what a person has to open goes out as a line,
and where it led back to comes in as one."""
import json
import sys
import time

from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey, RSAKey

settings = json.loads(sys.stdin.readline())
url = settings["url"]


def write(data):
    print(json.dumps(data), flush=True)


def registry(session):
    return session.post(f"{url}/api/v1/registry/token", json={"url": settings["registry"]}).status_code


def refused(work):
    try:
        work()
    except OAuthError as error:
        return error.error
    return None


def code():
    session = OAuth2Session(
        "keywright",
        token_endpoint_auth_method="none",
        scope="registry",
        redirect_uri=settings["redirect"],
        code_challenge_method="S256",
    )
    verifier = generate_token(64)
    address, state = session.create_authorization_url(f"{url}/oauth2/authorize", code_verifier=verifier)
    write({"open": address, "yes": True})
    back = json.loads(sys.stdin.readline())["back"]
    token = session.fetch_token(
        f"{url}/oauth2/token", authorization_response=back, state=state, code_verifier=verifier
    )
    first = registry(session)
    old = token["refresh_token"]
    fresh = session.refresh_token(f"{url}/oauth2/token", refresh_token=old)
    second = registry(session)
    revoked = session.revoke_token(f"{url}/oauth2/revoke", token=fresh["refresh_token"])
    return {
        "type": token["token_type"],
        "scope": token["scope"],
        "registry": first,
        "rotated": fresh["refresh_token"] != old,
        "refreshed": second,
        "revoked": revoked.status_code,
        "after": refused(
            lambda: session.refresh_token(f"{url}/oauth2/token", refresh_token=fresh["refresh_token"])
        ),
    }


def key():
    answers = {}
    for alg, client in settings["keys"].items():
        private = {"ES256": ECKey, "RS256": RSAKey}[alg].import_key(client["pem"])
        session = OAuth2Session(
            client["id"], private, token_endpoint_auth_method="private_key_jwt", scope="registry"
        )
        # By itself it writes the token endpoint as the audience and an hour of life; here both are the broker's rules.
        limits = {"exp": int(time.time()) + 120}
        session.register_client_auth_method(PrivateKeyJWT(url, claims=limits, alg=alg))
        token = session.fetch_token(f"{url}/oauth2/token", grant_type="client_credentials")
        answers[alg] = {"type": token["token_type"], "registry": registry(session)}
        hour = OAuth2Session(client["id"], private, token_endpoint_auth_method="private_key_jwt")
        hour.register_client_auth_method(PrivateKeyJWT(url, alg=alg))
        answers[alg]["hour"] = refused(
            lambda: hour.fetch_token(f"{url}/oauth2/token", grant_type="client_credentials")
        )
    return answers


write({"code": code(), "key": key()})
