"""A stranger audits a copy of the log: one flipped bit is found, and its entry is named."""

import random
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.core import mirrors, tiles
from provenance.core.mirrors import Contradiction, FileMissing, Findings, check_growth
from provenance.core.notes import NoteRefused, Signer
from provenance.core.records import EntryType, entry_bytes
from tests.core.plain_log import BEGAN, ORIGIN, SIGNER, PlainLog, attempts

ENTRIES = attempts(65_600)
SIZES = (0, 1, 255, 256, 257, 700)


def quiet(done: int, total: int) -> None:
    pass


def audited(log: PlainLog) -> Findings:
    return mirrors.audit(log.read, SIGNER.vkey, quiet)


@pytest.fixture
def log() -> PlainLog:
    return PlainLog(ENTRIES[:700])


@pytest.fixture(scope="module")
def large() -> PlainLog:
    return PlainLog(ENTRIES)


@pytest.mark.parametrize("size", SIZES)
def test_a_sound_copy_passes(size: int) -> None:
    found = audited(PlainLog(ENTRIES[:size]))
    assert (found.faults, found.entries, found.checkpoint.size) == ((), size, size)


def test_progress_is_told_up_to_the_end(log: PlainLog) -> None:
    told: list[tuple[int, int]] = []
    mirrors.audit(log.read, SIGNER.vkey, lambda *step: told.append(step))
    assert told == [(256, 700), (512, 700), (700, 700)]


def test_attempts_without_outcome_are_told_with_their_time() -> None:
    found = audited(PlainLog(ENTRIES[:4]))
    assert list(found.pending) == [2, 3]
    assert found.pending[2].timestamp() == BEGAN.timestamp() + 2


@pytest.mark.parametrize(
    ("path", "at", "index"),
    [
        ("tile/entries/000", 3, 0),  # a byte of the first entry
        ("tile/entries/000", 0, 0),  # its length
        ("tile/entries/001", 30, 256),
        ("tile/entries/002.p/188", 40, 512),
        ("tile/0/000", 32 * 7, 7),
        ("tile/0/002.p/188", 32 * 187 + 31, 699),
        ("tile/1/000.p/2", 33, 256),
    ],
)
def test_a_flipped_bit_names_its_entry(log: PlainLog, path: str, at: int, index: int) -> None:
    log.flip(path, at)
    first = audited(log).first
    assert first is not None
    assert first.index == index


@pytest.mark.slow
def test_any_flipped_bit_is_found_where_it_is(large: PlainLog) -> None:
    """Bits at random in every kind of file; the entry named is the one that the bit belongs to."""
    chance = random.Random(5)
    paths = [path for path in large.files if path.startswith("tile/")]
    kinds = [[path for path in paths if path.startswith(f"tile/{kind}/")] for kind in
             ("entries", "0", "1", "2")]  # fmt: skip
    for kind in kinds:
        path = chance.choice(kind)
        sound = large.files[path]
        at = chance.randrange(len(sound))
        large.flip(path, at, 1 << chance.randrange(8))
        first = audited(large).first
        assert first is not None, path
        assert first.index == _index_of(path, at), path
        large.files[path] = sound
    assert not audited(large).faults


def _index_of(path: str, at: int) -> int:
    tile = tiles.parse_path(path.removeprefix("tile/"))
    if tile.level is not None:
        return (tile.n * 256 + at // 32) * int(256**tile.level)
    end, index = 0, tile.n * 256 - 1
    while end <= at:
        index += 1
        end += 2 + len(ENTRIES[index])
    return index


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda log: log.files.pop("tile/entries/001"), "entry 256: the bundle entries/001 cannot"),
        (lambda log: log.files.pop("tile/0/001"), "entry 256: the tile 0/001 is of no use"),
        (lambda log: log.files.pop("tile/1/000.p/2"), "entry 0: the tile 1/000.p/2"),
        (lambda log: log.files.update({"tile/0/001": bytes(31)}), "A tile of 31 bytes"),
        (lambda log: log.files.update({"tile/0/001": bytes(64)}), "2 hashes instead of 256"),
        (lambda log: _append(log, "tile/entries/002.p/188"), "holds more than its entries"),
        (lambda log: _append(log, "tile/entries/000"), "holds more than its entries"),
        (lambda log: _cut(log, "tile/entries/000"), "entry 255: the bundle entries/000 is cut off"),
    ],
)
def test_damaged_and_missing_files(
    log: PlainLog, spoil: Callable[[PlainLog], object], words: str
) -> None:
    spoil(log)
    assert any(words in str(fault) for fault in audited(log).faults)


def _append(log: PlainLog, path: str) -> None:
    log.files[path] += bytes(2)


def _cut(log: PlainLog, path: str) -> None:
    log.files[path] = log.files[path][:-1]


def test_a_full_tile_serves_for_a_partial_one_that_is_gone(log: PlainLog) -> None:
    old = dict(log.files)
    log.extend(ENTRIES[700:800])
    for path in ("tile/0/002.p/188", "tile/entries/002.p/188"):
        del log.files[path]
    log.files["checkpoint"] = old["checkpoint"]
    assert audited(log).faults == ()


def test_history_rewritten_whole_fails_at_the_signature(log: PlainLog) -> None:
    """With all hashes recomputed, only the key is missing: another's is refused."""
    thief = Signer(ORIGIN, Ed25519PrivateKey.generate())
    forged = PlainLog([*ENTRIES[:10], *ENTRIES[11:701]], thief)
    with pytest.raises(NoteRefused):
        audited(forged)
    forged.files["checkpoint"] = log.files["checkpoint"]
    assert any("root that the checkpoint signs" in str(fault) for fault in audited(forged).faults)


def test_entries_that_contradict_each_other_are_named() -> None:
    attempt = {"attempt": "0" * 32, **dict.fromkeys(("artist", "prompt", "parameters"), "ab" * 32)}
    failed = {"attempt": "0" * 32, "reason": "internal"}
    cancelled = {"attempt": "0" * 32, "by": "artist"}
    orphan = {"attempt": "1" * 32, "reason": "internal"}
    kinds = [
        (EntryType.ATTEMPT, attempt),
        (EntryType.FAILED, failed),
        (EntryType.CANCELLED, cancelled),
        (EntryType.ATTEMPT, attempt),
        (EntryType.FAILED, orphan),
    ]
    entries = [entry_bytes(kind, BEGAN, body) for kind, body in kinds]
    assert [str(fault) for fault in audited(PlainLog(entries)).faults] == [
        "entry 2: another outcome of the attempt of entry 0",
        "entry 3: the attempt was begun before, by entry 0",
        "entry 4: its attempt has no entry before it",
    ]


def test_bytes_that_are_no_entry_and_types_nobody_knows() -> None:
    later = b'{"at":"2026-11-23T12:00:00Z","schema":9,"type":"of_tomorrow"}'
    assert audited(PlainLog([later])).faults == ()
    assert str(audited(PlainLog([b"{ }"])).first).startswith("entry 0: ")


def test_an_absurd_size_ends_soon() -> None:
    log = PlainLog(ENTRIES[:3])
    text = f"{ORIGIN}\n{2**62}\n{log.checkpoint.text.splitlines()[2]}\n"
    log.files["checkpoint"] = SIGNER.sign(text).encode()
    assert len(audited(log).faults) >= mirrors.MOST_FAULTS


@pytest.mark.parametrize(("old", "new"), [(0, 5), (5, 5), (255, 256), (256, 700), (300, 65_537)])
def test_growth_is_proved_from_tiles_alone(old: int, new: int) -> None:
    before, now = PlainLog(ENTRIES[:old]), PlainLog(ENTRIES[:new])
    check_growth(now.read, before.checkpoint, now.checkpoint)


@pytest.mark.parametrize(
    "entries", [ENTRIES[:300], ENTRIES[1:702], [*ENTRIES[:600], *ENTRIES[601:801]]]
)
def test_a_log_that_was_cut_or_rewritten_contradicts_itself(
    log: PlainLog, entries: list[bytes]
) -> None:
    other = PlainLog(entries)
    with pytest.raises(Contradiction):
        check_growth(other.read, log.checkpoint, other.checkpoint)


def test_growth_cannot_be_told_without_tiles(log: PlainLog) -> None:
    other = PlainLog(ENTRIES[:300])
    del log.files["tile/0/001"]
    with pytest.raises(FileMissing):
        check_growth(log.read, other.checkpoint, log.checkpoint)
