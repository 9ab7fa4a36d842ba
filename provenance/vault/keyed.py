"""Secrets of 32 bytes, each in a file of its own and made at its first use.

For keyed hashes that must outlive a rotated SECRET_KEY. Whoever loses one loses what its hashes
could be compared with, and nothing else.
"""

import os
import secrets
import stat
from pathlib import Path

from provenance.core.errors import KeysRefused

SECRET_BYTES = 32


def secret(keys_dir: Path, name: str) -> bytes:
    """The secret of that name; two processes that make it at once get the same one.

    Raises KeysRefused where others can read its file, or where it is not whole.
    """
    path = keys_dir / f"{name}.secret"
    try:
        if not path.exists():
            _make(path)
        data, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise KeysRefused(f"{path} cannot be used: {error.strerror}.") from error
    if mode & 0o077:
        raise KeysRefused(f"{path} can be read by others: chmod 600 it, and think of who did.")
    if len(data) != SECRET_BYTES:
        raise KeysRefused(f"{path} has not {SECRET_BYTES} bytes: restore it from its backup.")
    return data


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(secrets.token_bytes(SECRET_BYTES))
        opened.flush()
        os.fsync(opened.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:  # another process was first: its secret counts
        return
    finally:
        draft.unlink()
