"""Names as people write them, and addresses as one person may write them: rules and properties."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_archive.statement.addresses import canonical, domain_of, keyed, network, person
from sora_archive.statement.errors import NameRefused
from sora_archive.statement.names import clean, clean_name

MOST = 100


@pytest.mark.parametrize(
    "name",
    [
        "Ada", "José Ñandú", "Nguyễn Thị Ánh", "渡辺 久子", "김영희", "Åsa Öst-Berg", "O’Neill",
        "N. K. (Nk) D’Arcy, Jr.", "Αλίκη", "עדה בן־דוד", "عائشة", "می\u200cخواهم", "क्\u200dष",
        "ශ්\u200dරී", "Zoë & the Band", "Björk 2", "<b>Ada</b>", "=1+1 Ada", "x" * 100,
    ],
)  # fmt: skip
def test_a_name_of_any_script_stands_as_it_was_written(name: str) -> None:
    assert clean_name(name, MOST) == name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada \t Lovelace\n", "Ada Lovelace"),
        ("Ada\u00a0Lovelace\u3000X", "Ada Lovelace X"),
        ("Jose\u0301", "José"),
        ("Ada\u2028Lovelace", "Ada Lovelace"),
    ],
)
def test_spaces_are_made_plain_and_letters_are_composed(typed: str, kept: str) -> None:
    assert clean_name(typed, MOST) == kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Ada\u202egnihton", r"U\+202E cannot be seen"),
        ("\u2066Ada\u2069", r"U\+2066"),
        ("A\u200bda", r"U\+200B"),
        ("Ada\ufeff", r"U\+FEFF"),
        ("A\u200dda", r"U\+200D"),
        ("A\u200cda", r"U\+200C"),
        ("Ada\u00ad", r"U\+00AD"),
        ("Ada\0", r"U\+0000"),
        ("Ada\x1b[31m", r"U\+001B"),
        ("A\u3164da", r"U\+3164"),
        ("Ada\ufe0f", r"U\+FE0F"),
        ("A\U000e0041da", r"U\+E0041"),
        ("Ada\ue000", r"U\+E000"),
        ("Ada\ud800", r"U\+D800"),
        ("Z" + "\u0335\u0336\u0337\u0338", "piled upon one letter"),
        ("x" * 101, "longer than 100"),
        ("x" * 10_000, "longer than 100"),
        ("x" * 10_000_000, "longer than 100"),
        ("123 !", "at least one letter"),
        ("👩‍🎨", r"U\+200D"),
        ("Ada https://spam.example", "no web address"),
        ("WWW.spam.example", "no web address"),
        ("Win at spam.example/now", "no web address"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_what_cannot_be_seen_or_read_is_refused_in_words(typed: str, words: str) -> None:
    with pytest.raises(NameRefused, match=words):
        clean_name(typed, MOST)


@given(st.text(max_size=120))
def test_a_name_that_is_kept_is_plain_to_see_and_stays_as_it_is(typed: str) -> None:
    try:
        kept = clean_name(typed, MOST)
    except NameRefused:
        return
    assert clean_name(kept, MOST) == kept
    assert unicodedata.is_normalized("NFC", kept)
    assert 1 <= len(kept) <= MOST
    assert kept == " ".join(kept.split())
    assert all(
        unicodedata.category(each) not in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} for each in kept
    )
    assert not set(kept) & set("\u200b\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e")


@given(st.text(alphabet="\u200c\u200d\u202eaकم्ا ", max_size=12))
def test_no_mixture_of_joiners_and_controls_hides_anything(typed: str) -> None:
    try:
        kept = clean(typed, MOST)
    except NameRefused:
        return
    assert "\u202e" not in kept
    for place, letter in enumerate(kept):
        if letter in "\u200c\u200d":
            assert 0 < place < len(kept) - 1
            assert unicodedata.category(kept[place - 1]) in {"Mn", "Lo"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@archive.example", "ADA@ARCHIVE.EXAMPLE"),
        ("ada@archive.example", "a.d.a@archive.example"),
        ("ada@archive.example", "ada+petition@archive.example"),
        ("ada@gmail.com", "A.Da+x@googlemail.com"),
        ("ada@icloud.com", "ada@ME.com"),
        ("ada@proton.me", "ada@protonmail.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@archive.example", " ada@archive.example. "),
    ],
)
def test_one_person_has_one_canonical_address(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)
    assert person(one) == person(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@archive.example", "ada@archive.example.org"),
        ("ada@archive.example", "ben@archive.example"),
        ("+@archive.example", "++@archive.example"),
        ("...@archive.example", "@archive.example"),
    ],
)
def test_two_people_have_two(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


_LOCAL = st.text("abcxyz0189_-", min_size=1, max_size=12)
_DOMAIN = st.from_regex(r"\A[a-z][a-z0-9]{0,9}(\.[a-z]{2,5}){1,2}\Z")


@given(_LOCAL, _DOMAIN, st.text("abc+.", max_size=5), st.data())
def test_case_dots_and_tags_never_tell_two_apart(
    local: str, domain: str, tag: str, data: st.DataObject
) -> None:
    dotted = "".join(letter + ("." if data.draw(st.booleans()) else "") for letter in local).rstrip(
        "."
    )
    written = f"{dotted.upper()}+{tag}@{domain.upper()}"
    assert canonical(written) == canonical(f"{local}@{domain}")


@given(_LOCAL, _LOCAL, _DOMAIN, _DOMAIN)
def test_different_letters_are_different_people(
    one: str, other: str, domain: str, another: str
) -> None:
    same = one == other and domain_of(f"a@{domain}") == domain_of(f"a@{another}")
    assert (canonical(f"{one}@{domain}") == canonical(f"{other}@{another}")) == same


@given(st.emails())
def test_the_canonical_form_is_its_own_and_names_a_mailbox(address: str) -> None:
    form = canonical(address)
    assert canonical(form) == form
    local, _, domain = form.rpartition("@")
    assert local
    assert domain == domain_of(address)


def test_a_hash_is_keyed_and_kinds_are_kept_apart() -> None:
    assert keyed("range", "x") != keyed("domain", "x")
    assert len(keyed("range", "x")) == 64


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", "unknown"), ("unix:", "unknown"), ("<script>", "unknown"),
    ],
)  # fmt: skip
def test_addresses_of_one_house_are_one_range(address: str, found: str) -> None:
    assert network(address) == found
