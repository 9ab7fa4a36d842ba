"""Every command of docs/keys.md, run as it is written there and in its order."""

import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from provenance import vault
from provenance.core.records import parse_entry
from provenance.log.models import Pending
from tests.core.clips import Archive

pytestmark = [pytest.mark.slow, pytest.mark.services]

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/keys.md").read_text(encoding="utf-8")
ALREADY = "If the archive has started already"


def commands() -> dict[str, list[str]]:
    """The indented lines of each section that has some."""
    sections = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:]
    found = {
        name: re.findall(r"^    (\S.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M)
        for name, text in zip(sections[::2], sections[1::2], strict=True)
    }
    return {name: lines for name, lines in found.items() if lines}


class Operator:
    """Somebody at a shell with an empty folder, an empty archive, and the page."""

    def __init__(self, folder: Path) -> None:
        self.here = folder / "here"
        for name in ("here", "offline", "bin", "tokens"):
            (folder / name).mkdir()
        program = folder / "bin" / "manage.py"
        python, manage = shlex.quote(sys.executable), shlex.quote(str(ROOT / "manage.py"))
        program.write_text(f'#!/bin/sh\nexec {python} {manage} "$@"\n')
        program.chmod(0o755)
        softhsm = folder / "softhsm2.conf"
        softhsm.write_text(f"directories.tokendir = {folder / 'tokens'}\n")
        database = connection.settings_dict
        self.keys_dir, self.offline = folder / "keys", folder / "offline"
        self.environment = {
            **os.environ,
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "DATA": str(folder),
            "KEYS_DIR": str(self.keys_dir),
            "OFFLINE": str(self.offline),
            "PIN_FILE": str(folder / "pin"),
            "SOFTHSM2_CONF": str(softhsm),
            "LOG_ORIGIN": "archive.test/log",
            "DATABASE_URL": re.sub(r"/[^/]*$", f"/{database['NAME']}", os.environ["DATABASE_URL"]),
        }

    def types(self, lines: list[str]) -> str:
        """What the lines say, all in one shell that stops at the first failure."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
            cwd=self.here, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.mark.django_db(transaction=True)
def test_from_fresh_keys_to_a_token_a_kms_a_rotation_and_a_revocation(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    (python,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (operator.here / "kms.py").write_text(python)
    for name in ("C2PA-TRUST-LIST", "C2PA-TRUST-LIST-newer", "interim-list", "tsa-root"):
        (operator.here / f"{name}.pem").write_text(Archive(f"{name}.test").anchor.pem)

    sections = commands()
    del sections[ALREADY]
    said = operator.types([line for lines in sections.values() for line in lines])

    assert "present, key in this folder" in said
    assert "present, key in the token archive" in said
    assert "present, key behind kms.sign" in said
    assert "revoked since 2026-11-23T19:04:36Z" in said
    assert not vault.offline_folder(operator.keys_dir).exists()
    trust = vault.trust_list(operator.keys_dir)
    assert [listed.kind for listed in trust.listed] == ["archive", "c2pa", "interim", "tsa"]
    assert [each.name for each in vault.added(operator.keys_dir)] == [
        "C2PA-TRUST-LIST-newer.pem", "interim-list.pem", "tsa-root.pem",
    ]  # fmt: skip
    assert len(trust.revocations) == 1
    assert len(vault.serials(operator.keys_dir)) == 7  # the first one and six rotations
    assert vault.signing_identity(operator.keys_dir).sign(b"claim")
    told = [parse_entry(bytes(row.data)).body for row in Pending.objects.order_by("id")]
    assert [body["event"] for body in told].count("created") == 6
    assert {body["event"] for body in told} == {"created", "revoked", "published"}
    (digest,) = re.findall(r"^([0-9a-f]{64})  trust\.json$", said, re.MULTILINE)
    assert f"sha256:{digest}" in {body["key"] for body in told}


@pytest.mark.django_db(transaction=True)
def test_the_offline_part_of_an_archive_that_runs_is_taken_away(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    vault.ensure_keys(operator.keys_dir, "archive.test/log", datetime.now(UTC))
    operator.types(commands()[ALREADY])
    assert not vault.offline_folder(operator.keys_dir).exists()
    assert (operator.offline / "root.key.pem").exists()
    assert vault.signing_identity(operator.keys_dir).sign(b"claim")
