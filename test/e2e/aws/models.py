"""Holds parameters against botocore's own description of the service: names, lengths, patterns, ranges."""
import json
import re
from functools import cache

from botocore.loaders import Loader


class Invalid(Exception):
    pass


@cache
def _service(name):
    return Loader().load_service_model(name, "service-2")


def check(service, operation, given):
    """`given`: wire name → text, or a list of either. Raises Invalid, as the service would refuse."""
    model = _service(service)
    _structure(model["shapes"], model["operations"][operation]["input"]["shape"], given, operation)


def _structure(shapes, name, given, where):
    shape = shapes[name]
    wire = {member.get("locationName", key): member["shape"] for key, member in shape["members"].items()}
    required = {shape["members"][key].get("locationName", key) for key in shape.get("required", [])}
    if unknown := set(given) - set(wire):
        raise Invalid(f"{where}: unknown {sorted(unknown)}")
    if missing := required - set(given):
        raise Invalid(f"{where}: missing {sorted(missing)}")
    for key, value in given.items():
        _value(shapes, wire[key], value, f"{where}.{key}")


def _value(shapes, name, value, where):
    shape = shapes[name]
    kind = shape["type"]
    if kind == "structure":
        return _structure(shapes, name, value, where)
    if kind == "list":
        _range(shape, len(value), where)
        return [_value(shapes, shape["member"]["shape"], one, where) for one in value]
    if kind in ("integer", "long"):
        if not re.fullmatch("0|[1-9][0-9]*", value):
            raise Invalid(f"{where}: not a number")
        return _range(shape, int(value), where)
    if kind != "string":
        raise Invalid(f"{where}: a {kind} is not known here")
    _range(shape, len(value), where)
    pattern = shape.get("pattern")
    if pattern and "\\p{" not in pattern and not re.fullmatch(_python(pattern), value, re.ASCII):
        raise Invalid(f"{where}: does not fit {pattern}")
    if "enum" in shape and value not in shape["enum"]:
        raise Invalid(f"{where}: none of {shape['enum']}")


def _range(shape, size, where):
    if size < shape.get("min", 0) or size > shape.get("max", size):
        raise Invalid(f"{where}: {size} is not between {shape.get('min')} and {shape.get('max')}")


def _python(pattern):
    # The model writes a code point beyond four digits as ten hexadecimal ones; Python wants eight after \U.
    return re.sub(r"\\u(10[0-9A-F]{4})", r"\\U00\1", pattern)


def policy_document(text):
    try:
        return json.loads(text)
    except ValueError:
        raise Invalid("the policy is not JSON") from None
