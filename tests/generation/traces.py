"""Every form in which a value could still lie somewhere: what a test of forgetting looks for."""

import base64
import html
import json
import subprocess
from pathlib import Path
from urllib.parse import quote, quote_plus

import environ

from sora_archive.embedded_postgres import programs


def forms_of(value: bytes | str) -> dict[str, bytes]:
    """The plain bytes of a value and of each encoding that the archive or a browser may use."""
    raw = value.encode() if isinstance(value, str) else value
    found = {"plain": raw, "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode()}
    found |= {f"base64 at {shift}": _inner_base64(raw, shift) for shift in range(3)}
    found |= {f"base64url at {shift}": found[f"base64 at {shift}"].translate(_URL_SAFE)
              for shift in range(3)}  # fmt: skip
    if isinstance(value, str):
        escaped = json.dumps(value)[1:-1]
        found |= {
            "JSON": escaped.encode(),
            "JSON in JSON": json.dumps(escaped)[1:-1].encode(),
            "JSON unescaped": json.dumps(value, ensure_ascii=False)[1:-1].encode(),
            "in a quoted row": value.replace('"', '""').encode(),
            "in an array": value.replace('"', '\\"').encode(),
            "SQL": value.replace("'", "''").encode(),
            "HTML": html.escape(value).encode(),
            "address": quote(value).encode(),
            "form": quote_plus(value).encode(),
            "UTF-16": value.encode("utf-16-le"),
        }
    return found


def traces(data: bytes, secrets: dict[str, bytes | str]) -> list[str]:
    """Which secrets are in some bytes, and in which form."""
    return [
        f"{name} ({form})"
        for name, value in secrets.items()
        for form, wanted in forms_of(value).items()
        if wanted in data
    ]


def traces_in(folder: Path, secrets: dict[str, bytes | str]) -> list[str]:
    """The same for every file below a folder, by name and by content."""
    found = []
    for path in sorted(folder.rglob("*")):
        found += [f"name of {path}: {each}" for each in traces(path.name.encode(), secrets)]
        if path.is_file():
            found += [f"{path}: {each}" for each in traces(path.read_bytes(), secrets)]
    return found


def dump_of(database_url: str) -> bytes:
    """Everything in a database as pg_dump writes it, with each value in a statement of its own."""
    server = environ.Env.db_url_config(database_url)
    line = [str(programs() / "pg_dump"), "--column-inserts", "--username", server["USER"] or ""]
    line += ["--host", server["HOST"] or "", "--dbname", server["NAME"]]
    if server["PORT"]:
        line += ["--port", str(server["PORT"])]
    return b"\n".join(_run([*line, *more]) for more in ([], ["--format=custom", "--compress=0"]))


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _inner_base64(raw: bytes, shift: int) -> bytes:
    """What Base64 of a longer text must hold where the value begins at this place of three."""
    whole = base64.b64encode(bytes(shift) + raw)
    first = (shift * 8 + 5) // 6
    return whole[first : (shift + len(raw)) * 8 // 6]


def _run(line: list[str]) -> bytes:
    return subprocess.run(line, capture_output=True, check=True, timeout=120).stdout
