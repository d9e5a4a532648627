"""boto3 as a client of the stand-in: one token for each way in which credentials are found; prints JSON."""
import json
import sys

import boto3
from botocore.exceptions import ClientError


def tried(step):
    session = boto3.session.Session(profile_name=step.get("profile"), region_name="eu-west-1")
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    arguments = dict(zip(names, step.get("keys", [])))
    client = session.client("codeartifact", **arguments)
    try:
        reply = client.get_authorization_token(**step["ask"])
        return {"token": reply["authorizationToken"], "expires": reply["expiration"].timestamp()}
    except ClientError as error:
        return {"code": error.response["Error"]["Code"], "status": error.response["ResponseMetadata"]["HTTPStatusCode"]}


print(json.dumps([tried(step) for step in json.loads(sys.stdin.read())]))
