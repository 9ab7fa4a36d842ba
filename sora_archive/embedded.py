"""Where the embedded services of one data folder listen, worked out from its path alone.

The launcher starts them there and every manage.py command given the same DATA finds them, so no
file has to be read and nothing has to be configured.
"""

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

DATABASE_NAME = "sora_archive"
OWNER = "sora_archive"
SEQUENCER = "sora_sequencer"
WEB = "sora_web"

_SOCKET_PATH_BYTES = 107  # sun_path of Linux holds 108 with its closing zero
_LONGEST_SOCKET = "pg/.s.PGSQL.5432"
_SHORT_ROOT = Path("/tmp")  # noqa: S108 - fixed, as every command must find the same; guarded by its mode


def runtime_dir(data: Path) -> Path:
    """The folder of locks and sockets: DATA/run, or a short one where that path is too long.

    Unix sockets have paths of at most 107 bytes. The short folder is named by the SHA-256 of the
    data folder's real path. Nothing is created here.
    """
    data = data.resolve()
    own = data / "run"
    if len(os.fsencode(own / _LONGEST_SOCKET)) <= _SOCKET_PATH_BYTES:
        return own
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return _SHORT_ROOT / f"sora-archive-{name}"


def postgres_dir(data: Path) -> Path:
    """The folder of PostgreSQL's socket, which belongs to the user PostgreSQL runs as."""
    return runtime_dir(data) / "pg"


def broker_socket(data: Path) -> Path:
    """The broker's Unix socket."""
    return runtime_dir(data) / "broker.sock"


def postgres_url(data: Path, role: str = OWNER) -> str:
    """The embedded database as a URL for django-environ (HOST becomes the socket's folder)."""
    folder = quote(str(postgres_dir(data)))
    return f"postgres://{role}@/{folder}/{DATABASE_NAME}"


def postgres_settings(data: Path) -> dict[str, str]:
    """The embedded database as an entry of Django's DATABASES."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE_NAME,
        "USER": OWNER,
        "HOST": str(postgres_dir(data)),
    }


def broker_url(data: Path) -> str:
    """The embedded broker as a URL for Celery and kombu."""
    return f"redis+socket://{quote(str(broker_socket(data)))}"
