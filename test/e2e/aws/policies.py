"""Decides by IAM policy documents as far as the tests write them: Allow and Deny, names with `*`, StringEquals.
What it does not know (NotAction, other conditions) is an error, never a guess."""
import re

SERVICE = {"sts:AWSServiceName": "codeartifact.amazonaws.com"}


def allowed(action, resource, layers):
    """Every layer (identity policies, session policy) has to allow it. A layer is a list of documents."""
    return all(_layer_allows(action, resource, documents) for documents in layers)


def parsed(document):
    """Raises ValueError for what is no policy document."""
    statements = document.get("Statement") if isinstance(document, dict) else None
    if document.get("Version") != "2012-10-17" or not statements:
        raise ValueError("the policy has no Version or no Statement")
    for statement in _listed(statements):
        unknown = set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}
        if unknown or statement.get("Effect") not in ("Allow", "Deny"):
            raise ValueError(f"a statement with {sorted(unknown)}")
        if "Action" not in statement or "Resource" not in statement:
            raise ValueError("a statement without Action or Resource")
    return document


def _layer_allows(action, resource, documents):
    statements = [one for document in documents for one in _listed(parsed(document)["Statement"])]
    fitting = [one["Effect"] for one in statements if _fits(one, action, resource)]
    return "Deny" not in fitting and "Allow" in fitting


def _fits(statement, action, resource):
    return (
        any(_like(pattern.lower(), action.lower()) for pattern in _listed(statement["Action"]))
        and any(_like(pattern, resource) for pattern in _listed(statement["Resource"]))
        and _condition_holds(statement.get("Condition", {}))
    )


def _condition_holds(condition):
    if set(condition) - {"StringEquals"}:
        raise ValueError(f"conditions {sorted(condition)}")
    return all(SERVICE.get(key) in _listed(value) for key, value in condition.get("StringEquals", {}).items())


def _like(pattern, text):
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text) is not None


def _listed(value):
    return value if isinstance(value, list) else [value]
