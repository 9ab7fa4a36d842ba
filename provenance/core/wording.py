"""The sentences of a verdict, apart from the steps that choose among them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

Word = Literal["intact", "changed", "foreign", "no_credential", "unreadable"]
Integrity = Literal["holds", "broken"]
# What became of the archive's own copy of a file: nothing, another file in its place, deleted.
Superseded = Literal["", "redacted", "erased"]
Who = Literal["archive", "revoked", "c2pa", "interim", "unknown", "unproven"]

INTEGRITY_WORDS: Mapping[Integrity, str] = {
    "holds": "The video and every statement about it are as they were when they were signed.",
    "broken": "The video, or a statement about it, is not what was signed.",
}
IDENTICAL_WORDS: Mapping[bool | None, str] = {
    True: "Yes: not a single bit differs from the file that the archive issued.",
    False: "No file with exactly these bytes was issued by the archive.",
    None: "Not decidable offline: the archive's ledger was not asked, and no proof from the log was"
    " given that speaks of this file.",
}
WHO_WORDS: Mapping[Who, str] = {
    "archive": "This archive signed it, with a certificate under its own root.",
    "revoked": "It bears a signing key of this archive that was revoked, and nothing proves that"
    " the file existed before that time.",
    "c2pa": "Somebody signed it whose certificate is on the C2PA trust list.",
    "interim": "Somebody signed it whose certificate is on the C2PA's former, interim list.",
    "unknown": "Somebody signed it whose certificate is not the archive's.",
    "unproven": "The signature does not hold, so the name in it proves nothing.",
}
LOGGED_WHILE_VALID = (
    "This archive signed it. The certificate has expired since; the log shows that the file was"
    " issued while it was valid."
)
REVOKED = (
    "This bears a signing key of this archive that was revoked, and nothing proves that it was"
    " signed before that. It does not count as a clip of this archive."
)
INTACT_AS_SIGNED = (
    "This archive signed it, and nothing that was signed has changed. Whether it is byte for byte"
    " the file that was issued is not decidable offline without the log's proof of it."
)
OTHER_LISTS: Mapping[Who, str] = {
    "c2pa": "This carries somebody else's content credential. It holds, and its signer is on the"
    " C2PA trust list; this archive did not make it.",
    "interim": "This carries somebody else's content credential. It holds, and its signer is on the"
    " C2PA's former, interim list; this archive did not make it.",
}
PARENT_BROKEN = (
    "But a file that it was made from does not hold: that one had been changed before it was used."
)
LAPSED = (
    "The certificate is no longer accepted, perhaps because it has expired since; the ledger shows"
    " that this archive issued this very file."
)
WORDS: Mapping[Word, str] = {
    "unreadable": "The file could not be read.",
    "foreign": "This carries somebody else's content credential.",
    "intact": "This is an intact clip of this archive.",
    "changed": "This comes from a clip of this archive, but it was changed after it was signed.",
    "no_credential": "This file carries no content credential. That proves nothing either way:"
    " many platforms strip credentials from what is uploaded to them.",
}
APPENDED = (
    "This is a clip of this archive to which something was done that the standard's own check does"
    " not cover: picture and statements hold, but the file is not byte for byte the one issued."
)
FOREIGN: Mapping[Integrity, str] = {
    "holds": "This carries somebody else's content credential. It holds, but this archive does not"
    " vouch for who signed it.",
    "broken": "This carries somebody else's content credential, and it does not hold: the file or"
    " the credential was changed.",
}
NAMED = (
    "It carries the name of a credential that this archive issued, but it is not what was issued:"
    " it was changed, or made to look like it."
)
NAMES_OURS = "Its bytes name a credential that this archive issued; what is left cannot be checked."
WITHHELD = "Erased from the archive, which does not repeat it"
_REDACTED = {"artist": "the artist's name", "prompt": "the prompt"}
SUPERSEDED: Mapping[Superseded, str] = {
    "redacted": "The archive has replaced this file by one from which something was erased, and"
    " deleted its own copy of this one. What was erased is not shown here.",
    "erased": "The archive has erased this clip since and keeps no copy of it. What was erased is"
    " not shown here.",
}


def history(redacted: Sequence[str], superseded: Superseded) -> Iterator[str]:
    """Sentences on what was taken out of a file, and on what became of the archive's copy."""
    if words := [_REDACTED[field] for field in redacted if field in _REDACTED]:
        yield (
            f"From this file {' and '.join(words)} {'were' if len(words) > 1 else 'was'} erased"
            " on purpose; the archive signed it anew without."
        )
    if superseded:
        yield SUPERSEDED[superseded]
