"""Says its secrets in every way that a flow can, and by a digest that it had the right ones."""

import base64
import hashlib
import json
import logging
import os
import re
import subprocess
import sys
import urllib.parse
import warnings
from typing import Any

from hero_tracing import ask_user, flow

NAMES = ["API_KEY", "PASSWORD", "CERTIFICATE"]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@flow
def give(value: Any) -> Any:
    print("given", value)
    return value


@flow
def deny(key: str) -> None:
    raise PermissionError(f"{key} was denied", {"key": key})


@flow(retries=1, backoff=0)
def try_twice(key: str) -> str:
    with open("tries.log", "a") as log:
        log.write("x")
    if os.path.getsize("tries.log") == 1:
        raise OSError(f"not yet with {key}")
    return "done"


@flow
def large(key: str) -> list[str]:
    """More than a line of the protocol holds: it travels as a file."""
    return [f"{number} {key}" for number in range(30_000)]


def encoded(key: str) -> dict[str, str]:
    data = key.encode()
    return {
        "base64": base64.b64encode(data).decode(),
        "base64 of more": base64.b64encode(b"user:" + data + b"@host").decode(),
        "url-safe base64": base64.urlsafe_b64encode(data).rstrip(b"=").decode(),
        "wrapped base64": base64.encodebytes(b"header " + 3 * data).decode(),
        "url": "https://host/?key=" + urllib.parse.quote(key, safe=""),
        "url path": "https://host/" + urllib.parse.quote(key),
        "form": urllib.parse.urlencode({"key": key}),
        "lower-case url": re.sub("%..", lambda found: found[0].lower(), urllib.parse.quote(key, safe="")),
        "hex": data.hex(),
        "hex with colons": data.hex(":"),
        "upper-case hex with spaces": data.hex(" ").upper(),
        "url of escapes": "".join(f"%{byte:02x}" for byte in data),
        "json": json.dumps({"key": key}),
        "json that is not ASCII": json.dumps({"key": key}, ensure_ascii=False),
        "json in json": json.dumps(json.dumps([key])),
        "repr": repr([key]),
        "repr of bytes": repr(data),
        "ascii": ascii(key),
    }


def leak(key: str) -> dict[str, Any]:
    """Everywhere that a text may go."""
    span = flow.current_span
    print("the key is", key)
    middle = len(key) // 2
    print("in halves", key[:middle])
    print(key[middle:], "and more")
    for end in ("\r", "  ", "\t"):
        print(f"in halves {key[:middle]}{end}\n{key[middle:]} and more")
        span.log(key[:middle] + end)
        span.log(key[middle:])
    print(base64.encodebytes(key.encode() * 3).decode().replace("\n", "\r\n"))
    print("in lines\n" + "\n".join(key[at : at + 5] for at in range(0, len(key), 5)))
    print(f"to stderr {key}", file=sys.stderr)
    logging.getLogger("client").warning("connecting with %s", key)
    warnings.warn(f"{key} is old", stacklevel=1)
    span.log(f"logged {key}")
    span.tag("key", key)
    span.tag(f"of {key}", [key])
    with flow.step("block", key=key), flow.span("inner", headers={"Authorization": f"Bearer {key}"}):
        for name, text in encoded(key).items():
            print(name, text)
            span.tag(name, text)
            span.log(text)
    # As code does that knows no `print`.
    os.write(1, f"raw {key}\n".encode())
    os.write(2, base64.encodebytes(key.encode() * 5))
    subprocess.run(["sh", "-c", 'printf "%s\\n" "$KEY"'], env={"KEY": key}, check=True)
    # A preview is cut, here within the key.
    span.tag("cut", "x" * (1998 - len(key) // 2) + key)
    return {
        "text": give(key) == key,
        "object": give({key: [key, {"n": 1}], "list": [key[:4], key]})
        == {key: [key, {"n": 1}], "list": [key[:4], key]},
        "encoded": give(encoded(key)) == encoded(key),
        "bytes": give(key.encode()) == key.encode(),
        "run": flow.run("run", lambda: f"Bearer {key}") == f"Bearer {key}",
        "large": digest("".join(large(key))),
        "tries": try_twice(key) if key == flow.secret("API_KEY") else "",
        "denied": denied(key),
    }


def denied(key: str) -> bool:
    try:
        deny(key)
    except PermissionError as error:
        logging.exception("denied")
        return str(error.args[0]) == f"{key} was denied" and error.args[1] == {"key": key}
    return False


@flow(secrets=NAMES)
def main() -> dict[str, Any]:
    keys = {name: flow.secret(name) for name in NAMES}
    seen = {name: leak(key) for name, key in keys.items()}
    return {
        "digests": {name: digest(key) for name, key in keys.items()},
        "seen": seen,
        "keys": keys,
        **encoded(keys["PASSWORD"]),
    }


@flow(secrets=["API_KEY", "PASSWORD"])
def keeps() -> list[Any]:
    """Returns what its steps gave, as it is and by digest."""
    key, password = flow.secret("API_KEY"), flow.secret("PASSWORD")
    given = [
        give(f"Bearer {key}"),
        give({password: [key, password.encode()], "pair": (key, 1)}),
        give(encoded(password)),
        large(key),
        try_twice(key),
    ]
    return [denied(key), digest(repr(given)), given[:3]]


@flow(secrets=["API_KEY"])
def asks(note: str) -> dict[str, Any]:
    """The value stands in the inputs, in a question, in its default and in an answer."""
    key = flow.secret("API_KEY")
    kept = give(key)
    typed = ask_user.text(f"Is it {key}?", name="typed", default=key)
    chosen = ask_user.confirm("Go on?", name="go_on")
    return {"note": digest(note), "typed": digest(typed), "kept": digest(kept), "chosen": chosen}


@flow(secrets=["API_KEY"])
def is_a_word() -> dict[str, Any]:
    """Asks while the value is a word that stands in schemas, too."""
    first = ask_user.text("Which?", name="first", max_length=len(flow.secret("API_KEY")))
    second = ask_user.choice("Which?", [flow.secret("API_KEY"), "other"], name="second")
    return {"first": digest(first), "second": digest(second)}


@flow(secrets=["API_KEY"])
def is_a_number() -> list[Any]:
    number = int(flow.secret("API_KEY"))
    given = give([number, float(number), -number])
    typed = ask_user.number("Which?", name="typed", integer=True)
    return [given == [number, float(number), -number], typed == number, *given, typed]


@flow(secrets=["API_KEY"])
def fails() -> None:
    key = flow.secret("API_KEY")
    error = RuntimeError(f"lost {key}")
    error.add_note(f"with {key}")
    raise error


@flow(secrets=["API_KEY"])
def returns_much() -> list[str]:
    return large(flow.secret("API_KEY"))


@flow(secrets=["API_KEY"])
def returns_too_much() -> int:
    return flow.secret("API_KEY")  # type: ignore[return-value]


@flow(secrets=["API_KEY"])
def named() -> Any:
    return give.with_key(flow.secret("API_KEY"))(1)


@flow
def undeclared() -> str:
    return flow.secret("API_KEY")


@flow(secrets=["API_KEY"])
def where(pid: int = 0) -> dict[str, bool]:
    """Whether anything but the first frame has brought the value here."""
    key = flow.secret("API_KEY").encode()
    # The first process of a namespace does not see who started it, and has 0 for it.
    processes = ["self", *filter(None, [os.getppid()])]
    places = [f"/proc/{process}/{what}" for process in processes for what in ("cmdline", "environ")]
    found = {}
    for place in places:
        with open(place, "rb") as file:
            text = file.read()
        found[os.path.basename(place)] = found.get(os.path.basename(place), False) or not text or key in text
    return {"cmdline": found["cmdline"], "environ": found["environ"], "variable": "HERO_SECRET_API_KEY" in os.environ}


@flow(secrets=["API_KEY"])
def waits(gate: str) -> str:
    key = flow.secret("API_KEY")
    give(large(key)[:1])
    os.write(1, f"raw {key}\n".encode())
    print("half of it", key[:10])
    with open(gate) as pipe:
        return pipe.read()
