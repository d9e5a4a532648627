"""Reads a JSON object of questions, answers what botocore makes of each: one process for a whole batch.

sign: [{method, url, path, query: [[name, value]], headers, body, region, service, at, keys: [id, secret, token]}]
endpoint: [{service, region, fips, dualstack}]
"""

import datetime
import json
import sys
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader


def signed(question):
    query = "&".join(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}" for n, v in question["query"])
    path = quote(question["path"], safe="/~")
    request = AWSRequest(method=question["method"], url=question["url"], data=question["body"].encode())
    for name, value in question["headers"].items():
        request.headers[name] = value
    now = datetime.datetime.fromtimestamp(question["at"], datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda: now
    signer = botocore.auth.SigV4Auth(Credentials(*question["keys"]), question["service"], question["region"])
    signer.add_auth(request)
    return {"encoded": f"{path}?{query}", "headers": dict(request.headers.items())}


def endpoint(loader, question):
    rules = loader.load_service_model(question["service"], "endpoint-rule-set-1")
    provider = EndpointProvider(rules, loader.load_data("partitions"))
    wanted = {"Region": question["region"], "UseFIPS": question["fips"], "UseDualStack": question["dualstack"]}
    return provider.resolve_endpoint(**wanted).url


asked = json.load(sys.stdin)
loader = Loader()
json.dump(
    {
        "sign": [signed(question) for question in asked.get("sign", [])],
        "endpoint": [endpoint(loader, question) for question in asked.get("endpoint", [])],
    },
    sys.stdout,
)
