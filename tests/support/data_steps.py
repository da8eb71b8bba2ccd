"""Steps that work with files and secrets, for runs in other processes."""

from __future__ import annotations

import base64
import json
import os
import sys
import urllib.parse

from graftline import log_artifact, log_metric


def token() -> str:
    return os.environ["TOKEN"]


def talk() -> None:
    secret = token()
    sys.stdout.write(f"plain {secret}\n{secret[:5]}")
    sys.stdout.flush()
    sys.stdout.write(f"{secret[5:]}\n")
    basic = base64.b64encode(f"user:{secret}".encode()).decode()
    print(basic, json.dumps({"a": secret}), urllib.parse.quote(secret), secret.encode().hex(), file=sys.stderr)
    os.write(2, secret.encode() + b"\n")


def fail(extra: str = "") -> None:
    secret = token() + extra
    raise ValueError(f"no {secret}", {"token": secret})


def keep() -> dict[str, str]:
    return {"token": token()}


def keep_pickled() -> object:
    return {token()}


def write_file() -> None:
    with open("out.txt", "w") as file:
        file.write("x" * 5000 + token())


def write_named() -> None:
    with open(f"{token()[:3]}-{urllib.parse.quote(token(), safe='')}.log", "w") as file:
        file.write("harmless")


def log_it() -> None:
    log_artifact({"token": token()}, "artifact")


def log_text() -> None:
    log_metric("note", 1.0)
    log_artifact("harmless", token())


def write_once(text: str = "first") -> None:
    with open("df.csv", "w") as file:
        file.write(text * 1000)


def spoil() -> None:
    with open("df.csv", "r+") as file:
        file.write("SPOILT")


def read_csv() -> str:
    with open("df.csv") as file:
        return file.read()[:6]


def remove_csv() -> None:
    os.remove("df.csv")
