"""What several stories about checks share: the shelf of named files, and a page that uses it."""

from dataclasses import replace

import pytest
from pytest_django import Settings

from provenance.core.verdicts import Issued
from provenance.verify import ledger
from provenance.verify.models import Credential
from tests.provenance.shelf import Shelf


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The named files of this run."""
    return Shelf.in_folder(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def archive_of_the_shelf(
    db: None, shelf: Shelf, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Shelf:
    """The shelf's archive is the one that checks; receipts come from its small log."""
    settings.KEYS_DIR = shelf.keys_dir
    settings.VERIFY_CLIPS = "tests.provenance.shelf.standing_of"
    settings.VERIFY_KEPT_DIR = shelf.folder / "kept"
    known = ledger.issued

    def with_receipt(credential: Credential) -> Issued:
        receipts = {row.manifest_id: row.receipt for row in shelf.rows}
        return replace(known(credential), generated=receipts[credential.manifest_id])

    monkeypatch.setattr(ledger, "issued", with_receipt)
    return shelf
