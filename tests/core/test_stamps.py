"""Stories about time-stamps: a clip outlives its certificate, and an authority is down."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provenance.core import credentials, keys
from provenance.core.credentials import Anchor
from provenance.core.errors import SigningFailed, StampUnavailable
from provenance.core.readings import Reading, reading
from provenance.core.trustlists import Listed, TrustList, pem_anchor
from provenance.core.verdicts import FileFacts, Ledger, Revocation, State, Trust, Who, judge
from tests.assets import strangers
from tests.core.clips import NOW, Archive, Signed, sha256_of
from tests.core.stamps import Authority, serving

LIFE = timedelta(seconds=4)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def stamps(authority: Authority) -> Iterator[str]:
    with serving(authority) as address:
        yield address


def short_lived() -> Archive:
    """An archive whose leaf, valid since the story's present, ends in a moment."""
    subject = keys.ChainSubject("archive.test", "Clips of archive.test")
    return Archive(chain=keys.make_chain(subject, NOW, datetime.now(UTC) - NOW + LIFE))


def stamped_by(archive: Archive, address: str) -> Archive:
    archive.identity = replace(archive.identity, tsa_url=address)
    return archive


def wait_for_the_end(archive: Archive) -> None:
    end = archive.chain.leaf.certificate.not_valid_after_utc
    while datetime.now(UTC) <= end + timedelta(seconds=1):
        time.sleep(0.05)


def read(clip: Signed, anchors: list[Anchor]) -> Reading:
    raw = credentials.read(clip.path, anchors)
    assert raw is not None
    return reading(raw)


def stamp_list(authority: Authority) -> Anchor:
    return Anchor("stamps", "urn:stamps", authority.pem, "tsa")


@pytest.mark.slow
def test_a_stamp_is_in_the_credential_and_counts_only_from_a_listed_authority(
    authority: Authority, stamps: str, tmp_path: Path
) -> None:
    archive = stamped_by(Archive(), stamps)
    clip = archive.sign(tmp_path)
    unlisted = read(clip, archive.anchors)
    assert (unlisted.state, unlisted.stamp_uri) == ("trusted", "")
    listed = read(clip, [*archive.anchors, stamp_list(authority)])
    assert (listed.state, listed.stamp_uri) == ("trusted", "urn:stamps")
    assert listed.signer["time_stamp"]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "state"), [("tsa", "intact_old_key"), ("c2pa", "revoked")])
def test_only_a_list_of_authorities_vouches_for_a_stamp(
    authority: Authority, stamps: str, tmp_path: Path, kind: str, state: State
) -> None:
    """The library takes any list for one of authorities: an issuer of signing certificates could
    date back what a stolen key signed.
    """
    archive = stamped_by(Archive(), stamps)
    clip = archive.sign(tmp_path)
    serial = str(archive.chain.leaf.certificate.serial_number)
    listed = pem_anchor("list", "urn:list", authority.pem, kind)
    trust = TrustList(
        archive="archive.test", date=NOW, log_vkey=archive.log.vkey,
        listed=(Listed("archive", archive.anchor), listed),
        revocations=(Revocation(serial, datetime.now(UTC) + timedelta(hours=1)),),
    )  # fmt: skip
    known = replace(clip.issued, generated=None)  # the log does not speak of it
    found, facts = read(clip, list(trust.anchors)), FileFacts(known.sha256, len(clip.data))
    assert found.stamp_uri == "urn:list"
    assert judge(facts, found, trust.trust, Ledger(known, known)).state == state


@pytest.mark.slow
def test_a_listed_signer_whose_certificate_has_ended_needs_a_stamp_that_counts(
    authority: Authority, stamps: str, tmp_path: Path
) -> None:
    signer = stamped_by(short_lived(), stamps)
    clip = signer.sign(tmp_path)
    wait_for_the_end(signer)
    found = read(clip, [signer.anchor, stamp_list(authority)])
    facts = FileFacts(sha256_of(clip.data), len(clip.data))
    others: dict[str, Who] = {signer.anchor.trust_uri: "c2pa"}
    for lists, state in (({"urn:stamps"}, "on_c2pa_list"), (set[str](), "expired")):
        trust = Trust(frozenset(), signer.log.vkey, others, stamps=frozenset(lists))
        assert judge(facts, found, trust, Ledger(), at=datetime.now(UTC)).state == state


@pytest.mark.slow
def test_a_stamped_clip_outlives_its_certificate_and_another_does_not(
    authority: Authority, stamps: str, tmp_path: Path
) -> None:
    archive = short_lived()
    plain = archive.sign(tmp_path, name="plain")
    clip = stamped_by(archive, stamps).sign(tmp_path, name="stamped", shift=3)
    wait_for_the_end(archive)
    anchors = [*archive.anchors, stamp_list(authority)]
    assert read(clip, anchors).state == "trusted"
    lapsed = read(plain, anchors)
    assert lapsed.state == "invalid"
    assert "signingCredential.expired" in {failure.code for failure in lapsed.failures}

    facts = FileFacts(sha256_of(plain.data), len(plain.data))
    verdict = judge(facts, lapsed, archive.trust, Ledger(plain.issued, plain.issued))
    assert verdict.verdict == "intact"
    assert verdict.signer is not None
    assert verdict.signer["who"] == "archive"
    assert "the log shows that the file was issued while it was valid" in verdict.signer["text"]

    offline = judge(facts, lapsed, archive.trust, None, generated=plain.generated)
    assert offline.signer == verdict.signer
    assert judge(facts, lapsed, archive.trust, None).verdict == "foreign"


@pytest.mark.parametrize(
    ("asset", "begins_later"), [(strangers.not_yet_valid, True), (strangers.expired, False)]
)
def test_a_certificate_outside_its_validity_proves_no_signer_and_changes_no_byte(
    tmp_path: Path, asset: Callable[[Path, Archive], Path], begins_later: bool
) -> None:
    archive = Archive()
    found = archive.read(asset(tmp_path, archive))
    assert (found.state, found.trust_uri, found.signature_holds) == ("invalid", "", True)
    assert {failure.code for failure in found.failures} == {
        "signingCredential.untrusted", "signingCredential.expired",
    }  # fmt: skip
    assert (found.signer["not_before"] > NOW.isoformat()) is begins_later


def test_an_authority_that_is_down_leaves_nothing_behind(tmp_path: Path) -> None:
    archive = Archive()
    with serving(None) as address, pytest.raises(StampUnavailable):
        stamped_by(archive, address).sign(tmp_path)
    with pytest.raises(StampUnavailable):
        archive.sign(tmp_path)  # now nobody listens at all
    assert [path.name for path in tmp_path.iterdir()] == ["clip.raw.mp4"]


@pytest.mark.slow
def test_a_key_that_does_not_sign_is_not_taken_for_a_missing_stamp(
    stamps: str, tmp_path: Path
) -> None:
    def gone(data: bytes) -> bytes:
        raise OSError("the token was pulled out")

    archive = stamped_by(Archive(), stamps)
    archive.identity = replace(archive.identity, sign=gone)
    with pytest.raises(SigningFailed) as failed:
        archive.sign(tmp_path)
    assert not isinstance(failed.value, StampUnavailable)


@pytest.mark.slow
def test_a_slow_authority_is_waited_for(authority: Authority, tmp_path: Path) -> None:
    gate = threading.Event()
    with serving(authority, gate) as address, ThreadPoolExecutor(1) as pool:
        archive = stamped_by(Archive(), address)
        signing = pool.submit(archive.sign, tmp_path)
        with pytest.raises(TimeoutError):
            signing.result(timeout=1)
        gate.set()
        clip = signing.result(timeout=60)
    assert read(clip, [*archive.anchors, stamp_list(authority)]).stamp_uri


@pytest.mark.slow
def test_an_authority_that_never_answers_is_given_up(authority: Authority, tmp_path: Path) -> None:
    """The library waits half a minute; nothing is left behind, and the clip can be tried anew."""
    gate = threading.Event()
    with serving(authority, gate) as address:
        archive = stamped_by(Archive(), address)
        try:
            with pytest.raises(StampUnavailable):
                archive.sign(tmp_path)
        finally:
            gate.set()
    assert [path.name for path in tmp_path.iterdir()] == ["clip.raw.mp4"]
