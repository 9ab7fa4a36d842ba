"""What the archive tells others to believe: its trust list, built from the vault's public folder.

Lists of others are kept as files of their own with hash and date, and revocations beside them;
every change is a file replaced whole.
"""

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from provenance.core.errors import KeysRefused
from provenance.core.policies import NO_WITNESSES, Policy
from provenance.core.trustlists import Listed, TrustList, pem_anchor
from provenance.core.verdicts import Revocation

from .files import ANCHORS, HOME, LOG_VKEY, anchors, log_vkey

LISTS = "public/lists"
REVOCATIONS = "public/revocations.json"
_ORGANIZATION = "Sora Archive"


@dataclass(frozen=True)
class Added:
    """A list of others as it was added: what it is, its SHA-256 (hex) and when (UTC)."""

    kind: str
    name: str
    sha256: str
    added: str
    pem: str


def trust_list(keys_dir: Path, policy: Policy = NO_WITNESSES) -> TrustList:
    """Whom a check on behalf of the archive believes; its date is that of the newest change.

    `policy` says whose cosignatures make a time of the log count against the archive itself.
    """
    own = tuple(Listed("archive", anchor) for anchor in anchors(keys_dir))
    others = tuple(
        pem_anchor(each.name, _trust_uri(each), each.pem, each.kind) for each in added(keys_dir)
    )
    return TrustList(
        archive=_ORGANIZATION,
        date=_newest(keys_dir),
        listed=(*own, *others),
        log_vkey=log_vkey(keys_dir),
        revocations=revocations(keys_dir),
        policy=policy,
    )


def add_list(keys_dir: Path, name: str, pem: str, kind: str, now: datetime) -> Added:
    """Keep a list of others from now on; raises KeysRefused, TrustListRefused.

    The archive's own anchors come from its vault alone and cannot be added.
    """
    if kind == "archive":
        raise KeysRefused("The archive's own anchors are made by newkey, not added.")
    digest = hashlib.sha256(pem.encode()).hexdigest()
    new = Added(kind, name, digest, now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), pem)
    pem_anchor(name, _trust_uri(new), pem, kind)
    if any(each.sha256 == digest for each in added(keys_dir)):
        raise KeysRefused("This very list was added before.")
    path = _file_of(keys_dir, new)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _replace(path, json.dumps(asdict(new), indent=2))
    return new


def remove_list(keys_dir: Path, sha256: str) -> Added:
    """Believe a list of others no more; `sha256` (hex) is that of its file. Raises KeysRefused."""
    gone = next((each for each in added(keys_dir) if each.sha256 == sha256.lower()), None)
    if gone is None:
        raise KeysRefused("No list with this SHA-256 was added; every report names those believed.")
    _file_of(keys_dir, gone).unlink()
    return gone


def added(keys_dir: Path) -> list[Added]:
    """The lists of others, in the order of their file names."""
    found = []
    for path in sorted((keys_dir / HOME / LISTS).glob("*.json")):
        try:
            found.append(Added(**json.loads(path.read_text())))
        except (ValueError, TypeError) as error:
            raise KeysRefused(f"{LISTS}/{path.name} is not a list that was added here.") from error
    return found


def revocations(keys_dir: Path) -> tuple[Revocation, ...]:
    """The signing certificates that do not count any more."""
    path = keys_dir / HOME / REVOCATIONS
    if not path.exists():
        return ()
    try:
        return tuple(
            Revocation(str(each["serial"]), datetime.fromisoformat(each["since"]))
            for each in json.loads(path.read_text())
        )
    except (ValueError, KeyError, TypeError) as error:
        raise KeysRefused(f"{REVOCATIONS} is not a list of revocations.") from error


def revoke(keys_dir: Path, serial: str, since: datetime) -> None:
    """Add a certificate (serial in decimal) that does not count since a time (aware)."""
    known = revocations(keys_dir)
    if any(each.serial == serial for each in known):
        raise KeysRefused(f"The certificate {serial} is revoked already.")
    rows = [
        {"serial": each.serial, "since": each.since.astimezone(UTC).isoformat()}
        for each in (*known, Revocation(serial, since))
    ]
    _replace(keys_dir / HOME / REVOCATIONS, json.dumps(rows, indent=2))


def _file_of(keys_dir: Path, each: Added) -> Path:
    return keys_dir / HOME / LISTS / f"{each.kind}-{each.sha256[:16]}.json"


def _trust_uri(each: Added) -> str:
    return f"urn:sora-archive:trust:list:{each.sha256}"


def _newest(keys_dir: Path) -> datetime:
    home = keys_dir / HOME
    lists = home / LISTS  # the folder itself tells when a list was removed
    paths = [home / ANCHORS, home / LOG_VKEY, home / REVOCATIONS, lists, *lists.glob("*.json")]
    newest = max(path.stat().st_mtime for path in paths if path.exists())
    return datetime.fromtimestamp(int(newest), UTC)


def _replace(path: Path, text: str) -> None:
    """Put a file in place whole, and on disk."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as draft:
        draft.write(text)
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).replace(path)
