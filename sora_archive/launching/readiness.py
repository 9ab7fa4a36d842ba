"""Waiting for services by asking them, never by guessing how long they take."""

import http.client
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

POLL_SECONDS = 0.05


def until(ready: Callable[[], bool], going_on: Callable[[], None], seconds: float) -> bool:
    """Polls `ready`; False after `seconds`. `going_on` raises where waiting has become useless."""
    deadline = time.monotonic() + seconds
    while not ready():
        going_on()
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def broker_answers(path: Path) -> bool:
    """Whether the broker on this Unix socket takes commands (it answers PING with PONG)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1.0)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def unwell(host: str, port: int, name: str, secure: bool = False) -> dict[str, str] | None:
    """What /healthz says is not well, by part; None where the web server does not answer so.

    `name` is the site's own host name, which it always answers to.
    """
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared only
    client = http.client.HTTPConnection(address, port, timeout=5.0)
    headers = {"Host": name} | ({"X-Forwarded-Proto": "https"} if secure else {})
    try:
        client.request("GET", "/healthz", headers=headers)
        answer = json.loads(client.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        client.close()
    return {name: part["reason"] for name, part in answer.items() if not part["ok"]}
