"""Reads a JSON list of INI texts, answers what Python's configparser makes of each: one process for a whole corpus."""

import configparser
import io
import json
import sys


def told(read):
    try:
        return {"value": read()}
    except configparser.Error as error:
        return {"error": type(error).__name__}


def understood(text):
    parser = configparser.ConfigParser()
    parser.read_file(io.TextIOWrapper(io.BytesIO(text.encode("utf-8")), encoding="utf-8"))
    names = [*parser.sections(), "DEFAULT"]
    return {
        "sections": parser.sections(),
        "all": {name: told(lambda: dict(parser[name])) for name in names},
        "each": {name: {key: told(lambda: parser[name].get(key)) for key in parser[name]} for name in names},
    }


json.dump([told(lambda: understood(text)) for text in json.load(sys.stdin)], sys.stdout)
