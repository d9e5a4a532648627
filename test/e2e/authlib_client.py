"""What Authlib does against a broker: client_credentials, introspection, revocation. Settings: JSON on standard input."""
import json
import sys

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

settings = json.load(sys.stdin)
url = settings["url"]
answers = {}
for method in ("client_secret_basic", "client_secret_post"):
    session = OAuth2Session(
        settings["id"], settings["secret"], token_endpoint_auth_method=method, scope="registry"
    )
    token = session.fetch_token(f"{url}/oauth2/token", grant_type="client_credentials")
    value = token["access_token"]
    registry = session.post(f"{url}/api/v1/registry/token", json={"url": settings["registry"]})
    before = session.introspect_token(f"{url}/oauth2/introspect", token=value).json()
    revoked = session.revoke_token(f"{url}/oauth2/revoke", token=value)
    after = session.introspect_token(f"{url}/oauth2/introspect", token=value).json()
    answers[method] = {
        "type": token["token_type"],
        "registry": registry.status_code,
        "before": before["active"],
        "client": before["client_id"],
        "revoked": revoked.status_code,
        "after": after,
    }
try:
    OAuth2Session(settings["id"], "wrong").fetch_token(f"{url}/oauth2/token", grant_type="client_credentials")
except OAuthError as error:
    answers["wrong"] = error.error
json.dump(answers, sys.stdout)
