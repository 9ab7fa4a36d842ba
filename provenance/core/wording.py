"""The sentences of a verdict, apart from the steps that choose among them.

Every state of a file has a sentence of its own, and so has each of the three answers. They are
marked here and translated where they are shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from .phrases import N_, Phrase

Word = Literal["intact", "changed", "foreign", "no_credential", "unreadable"]
Integrity = Literal["holds", "broken"]
# What became of the archive's own copy of a file: nothing, another file in its place, deleted.
Superseded = Literal["", "redacted", "erased"]
Who = Literal["archive", "revoked", "c2pa", "interim", "unknown", "unproven"]
State = Literal[
    "intact", "intact_stamped", "intact_expired", "intact_lapsed", "intact_old_key",
    "intact_as_signed", "disputed",
    "media_changed", "rewrapped", "appended", "padded", "cut_off", "transplanted",
    "statement_changed", "credential_damaged", "imitated", "two_parents",
    "never_issued", "revoked", "on_c2pa_list", "on_interim_list", "unknown_signer", "self_signed",
    "expired", "not_yet_valid", "foreign_changed",
    "no_credential", "stripped", "kept_elsewhere",
    "unsupported_kind", "empty", "malformed", "damaged", "over_limits", "reader_failed",
]  # fmt: skip


_ = N_

STATES: Mapping[State, tuple[Word, str]] = {
    "intact": ("intact", _("This is an intact clip of this archive.")),
    "intact_stamped": (
        "intact",
        _("This is an intact clip of this archive. Its certificate has ended since; a time-stamp"
          " proves that it was signed before that."),
    ),
    "intact_expired": (
        "intact",
        _("This is an intact clip of this archive. Its certificate has expired since; the log shows"
          " that it was issued while the certificate was valid."),
    ),
    "intact_lapsed": (
        "intact",
        _("This is an intact clip of this archive. Its certificate is no longer accepted; the"
          " archive's ledger shows that it issued this very file."),
    ),
    "intact_old_key": (
        "intact",
        _("This is an intact clip of this archive. Its signing key was revoked later; the file is"
          " proven to be older than that."),
    ),
    "intact_as_signed": (
        "intact",
        _("This archive signed it, and nothing that was signed has changed. Whether it is byte for"
          " byte the file that was issued is not decidable offline without the log's proof of it."),
    ),
    "disputed": (
        "intact",
        _("This is byte for byte a file that this archive issued, and yet the validator finds fault"
          " with its credential. The fault lies with one of these two, not with the file."),
    ),
    "media_changed": (
        "changed",
        _("This comes from a clip of this archive, but the video was changed after it was signed."),
    ),
    "rewrapped": (
        "changed",
        _("The pictures are byte for byte those of a clip of this archive, but the file around them"
          " was changed after it was signed."),
    ),
    "appended": (
        "changed",
        _("This is a clip of this archive to which something was added: its pictures are those that"
          " were issued, but the file is longer."),
    ),
    "padded": (
        "changed",
        _("This is a clip of this archive to which something was done that the standard's own check"
          " does not cover: picture and statements hold, but the file is not byte for byte the one"
          " issued."),
    ),
    "cut_off": (
        "changed",
        _("This comes from a clip of this archive, but it was cut off: its end is missing."),
    ),
    "transplanted": (
        "changed",
        _("The credential of one clip of this archive was put onto the pictures of another."),
    ),
    "statement_changed": (
        "changed",
        _("This comes from a clip of this archive, but a statement inside its credential was"
          " changed after it was signed."),
    ),
    "credential_damaged": (
        "changed",
        _("This comes from a clip of this archive, but its credential is damaged beyond reading."),
    ),
    "imitated": (
        "changed",
        _("It carries the name of a credential that this archive issued, but it is not what was"
          " issued: it was changed, or made to look like it."),
    ),
    "two_parents": (
        "changed",
        _("Its credential names more than one parent, which the standard does not allow. It bears"
          " this archive's signature, but it cannot hold."),
    ),
    "never_issued": (
        "foreign",
        _("It bears the archive's signature, but the archive has no record of having issued it."),
    ),
    "revoked": (
        "foreign",
        _("This bears a signing key of this archive that was revoked, and nothing proves that it"
          " was signed before that. It does not count as a clip of this archive."),
    ),
    "on_c2pa_list": (
        "foreign",
        _("This carries somebody else's content credential. It holds, and its signer is on the C2PA"
          " trust list; this archive did not make it."),
    ),
    "on_interim_list": (
        "foreign",
        _("This carries somebody else's content credential. It holds, and its signer is on the"
          " C2PA's former, interim list; this archive did not make it."),
    ),
    "unknown_signer": (
        "foreign",
        _("This carries somebody else's content credential. It holds, but this archive does not"
          " vouch for who signed it."),
    ),
    "self_signed": (
        "foreign",
        _("This carries somebody else's content credential. It holds, but its signer vouches only"
          " for itself: anybody can make such a certificate."),
    ),
    "expired": (
        "foreign",
        _("This carries somebody else's content credential. What was signed is unchanged, but the"
          " signer's certificate has ended, and no time-stamp proves that it was signed before."),
    ),
    "not_yet_valid": (
        "foreign",
        _("This carries somebody else's content credential. What was signed is unchanged, but the"
          " signer's certificate is not valid yet."),
    ),
    "foreign_changed": (
        "foreign",
        _("This carries somebody else's content credential, and it does not hold: the file or the"
          " credential was changed."),
    ),
    "no_credential": (
        "no_credential",
        _("This file carries no content credential. That proves nothing either way: many platforms"
          " strip credentials and encode anew what is uploaded to them."),
    ),
    "stripped": (
        "no_credential",
        _("The credential was taken out of this file. Its pictures are byte for byte those of a"
          " clip that this archive issued."),
    ),
    "kept_elsewhere": (
        "no_credential",
        _("The file only names an address where its credential is said to be; that address was not"
          " asked."),
    ),
    "unsupported_kind": (
        "unreadable",
        _("This is no kind of file that can carry a content credential."),
    ),
    "empty": ("unreadable", _("The file is empty.")),
    "malformed": (
        "unreadable",
        _("The file is damaged or cut off: it could not be read to its end."),
    ),
    "damaged": ("unreadable", _("The file carries a credential that is too damaged to read.")),
    "over_limits": (
        "unreadable",
        _("The file could not be read within the limits of time and memory."),
    ),
    "reader_failed": ("unreadable", _("The reader stopped without an answer.")),
}  # fmt: skip

# Sentences that are added to that of the state.
PARENT_BROKEN = _(
    "But a file that it was made from does not hold: that one had been changed before it was used."
)
WITHDRAWN = _("The archive has withdrawn it from its gallery since.")
NAMES_OURS = _(
    "Its bytes name a credential that this archive issued; what is left cannot be checked."
)
PICTURES_OURS = _("Its pictures are byte for byte those of a clip that this archive issued.")
REDACTED = _("Something was taken out of its credential in the standard's own way.")

_REDACTED: Mapping[tuple[str, ...], str] = {
    ("prompt",): _("From this file the prompt was erased on purpose; the archive signed it anew"
                   " without."),
    ("artist",): _("From this file the artist's name was erased on purpose; the archive signed it"
                   " anew without."),
    ("prompt", "artist"): _("From this file the prompt and the artist's name were erased on"
                            " purpose; the archive signed it anew without."),
}  # fmt: skip
SUPERSEDED: Mapping[Superseded, str] = {
    "redacted": _("The archive has replaced this file by one from which something was erased, and"
                  " deleted its own copy of this one. What was erased is not shown here."),
    "erased": _("The archive has erased this clip since and keeps no copy of it. What was erased"
                " is not shown here."),
}  # fmt: skip
WITHHELD = _("Erased from the archive, which does not repeat it")


def history(redacted: Sequence[str], superseded: Superseded) -> Iterator[str]:
    """Sentences on what was taken out of a file, and on what became of the archive's copy."""
    if words := _REDACTED.get(tuple(redacted)):
        yield words
    if superseded:
        yield SUPERSEDED[superseded]


INTEGRITY_WORDS: Mapping[Integrity, str] = {
    "holds": _(
        "What it shows and every statement about it are as they were when they were signed."
    ),
    "broken": _("What it shows, or a statement about it, is not what was signed."),
}
IDENTICAL_WORDS: Mapping[bool | None, str] = {
    True: _("Yes: not a single bit differs from the file that the archive issued."),
    False: _("No file with exactly these bytes was issued by the archive."),
    None: _("Not decidable offline: the archive's ledger was not asked, and no proof from the log"
            " was given that speaks of this file."),
}  # fmt: skip
WHO_WORDS: Mapping[Who, str] = {
    "archive": _("This archive signed it, with a certificate under its own root."),
    "revoked": _("It bears a signing key of this archive that was revoked, and nothing proves that"
                 " the file existed before that time."),
    "c2pa": _("Somebody signed it whose certificate is on the C2PA trust list."),
    "interim": _("Somebody signed it whose certificate is on the C2PA's former, interim list."),
    "unknown": _("Somebody signed it whose certificate is not the archive's."),
    "unproven": _("The signature does not hold, so the name in it proves nothing."),
}  # fmt: skip
# Of a file that another was made from; None: on some list, and a stranger says on which.
ANCESTOR_WORDS: Mapping[Who | None, str] = {
    "archive": _("This archive signed it."),
    "revoked": _("It bears a signing key of this archive that was revoked; when it was signed is"
                 " not told here."),
    "c2pa": _("Its signer is on the C2PA trust list."),
    "interim": _("Its signer is on the C2PA's former, interim list."),
    "unknown": _("Its signer is on no list that is believed here."),
    None: _("A list that is asked here vouches for its signer; which one is not told."),
}  # fmt: skip
LOGGED_WHILE_VALID = _(
    "This archive signed it. The certificate has expired since; the log shows that the file was"
    " issued while it was valid."
)
STAMPED_WHILE_VALID = _(
    "This archive signed it. The certificate has ended since; a trusted time-stamp shows that it"
    " was valid when the file was signed."
)
LAPSED = _(
    "The certificate is no longer accepted, perhaps because it has expired since; the ledger shows"
    " that this archive issued this very file."
)
OLD_KEY = _(
    "This archive signed it. The key was revoked later; the log or a time-stamp proves that the"
    " file is older than that."
)

# What the check itself says in place of a value; what the credential says is never translated.
HIDDEN = _("Kept back by its artist. The log holds a commitment to it, so it can be proved later.")
GENERATED = _("AI-generated by a trained model")
DEEDS: Mapping[str, str] = {
    "c2pa.created": _("it was created"),
    "c2pa.opened": _("another file was opened to be worked on"),
    "c2pa.placed": _("another file was placed into it"),
    "c2pa.edited": _("it was edited"),
    "c2pa.redacted": _("a statement was taken out of an earlier credential"),
    "c2pa.published": _("it was published"),
    "c2pa.converted": _("it was converted into another format"),
    "c2pa.transcoded": _("it was encoded anew"),
    "c2pa.watermarked": _("an invisible mark was put into it"),
}
DEED = Phrase("%(deed)s (%(action)s)")
USE = Phrase(_("%(use)s: %(said)s"))
BETWEEN_USES = "; "
USES = (
    _("ai inference"), _("ai generative training"), _("ai training"), _("data mining"),
    _("allowed"), _("not allowed"), _("constrained"),
)  # fmt: skip


def deed(action: str) -> str:
    """An action in words, with its label for whoever looks it up."""
    return DEED.said(deed=DEEDS[action], action=action) if action in DEEDS else action


# The steps: what is asked, and, where that is in words of ours, by which rule.
READABLE = _("Can the file be read?")
READ = _("It was read to its end.")
CARRIES = _("Does it carry a content credential?")
CARRIED = _("It carries a manifest that can be read.")
AS_SIGNED = _("Are these the bytes that were signed?")
AS_ISSUED = _("Is it byte for byte a file that the archive issued?")
BY_LEDGER = _("the archive's ledger of SHA-256")
BY_LEDGER_OR_LOG = _("the archive's ledger of SHA-256, or the log's commitment to it")
SIGNED_BY = _("Who signed it?")
IN_LOG = _("Is it in the public log?")
FOLLOWS = _("What follows?")
OUTCOMES: Mapping[bool | None, str] = {True: _("yes"), False: _("no"), None: _("not known")}

# What the log says.
LOG_NOT_ASKED_TEXT = _("The log was not asked: this is no credential of the archive.")
NO_RECEIPT = _("The credential brings no receipt from the log.")
NO_RECEIPT_HOLDS = _("None of the receipts in the credential holds under the log's key.")
SPEAKS = Phrase(
    _("Entry %(index)s of the log %(origin)s (%(kind)s) speaks for it; %(receipts)s receipts hold"
      " under the log's key.")
)  # fmt: skip
NOT_ALL_AGREES = _("The log knows of it, but not everything agrees; see what does not hold.")
# The place of a failure, where that is an earlier file, and a part of its credential.
IN_INGREDIENT = Phrase(_("in the ingredient “%(title)s”"))
PART_OF_INGREDIENT = Phrase(_("in the ingredient “%(title)s”: %(part)s"))

QUESTIONS = (_("The same bytes?"), _("Who signed it?"), _("In the public log?"))
_UNTOLD = _("It cannot be told")
_UNCHANGED = (
    _("As they were signed"),
    _("Nothing was changed since the signature. This archive did not issue it."),
)

# The first answer: what became of the bytes.
BYTES: Mapping[State, tuple[str, str]] = {
    **dict.fromkeys(
        ("intact", "intact_stamped", "intact_expired", "intact_lapsed", "intact_old_key"),
        (_("Yes, to the last bit"), _("This is the very file that this archive issued.")),
    ),
    "disputed": (
        _("Yes, to the last bit"),
        _("This is the very file that this archive issued, though the validator says otherwise."),
    ),
    "intact_as_signed": (
        _("As they were signed"),
        _("Nothing was changed since the signature. Whether it is the very file that was issued is"
          " not decidable offline."),
    ),
    "media_changed": (
        _("No, the video was changed"),
        _("The video is not the one that was signed: it was changed, or another one was put in its"
          " place."),
    ),
    "rewrapped": (
        _("The pictures yes, the file no"),
        _("The pictures are those that were issued, but something around them was changed."),
    ),
    "appended": (
        _("No, something was added"),
        _("The pictures are those that were issued, but the file holds more than the one issued."),
    ),
    "padded": (
        _("Not the file that was issued"),
        _("Picture and statements are as they were signed; something else in the file is not."),
    ),
    "cut_off": (
        _("No, its end is missing"),
        _("The file ends before it should. What is left cannot be compared with what was signed."),
    ),
    "transplanted": (
        _("No, the video is another one"),
        _("The credential belongs to one clip of this archive and the pictures to another."),
    ),
    "statement_changed": (
        _("The video yes, the words no"),
        _("The video is the one that was signed, but what is said about it was changed."),
    ),
    "credential_damaged": (
        _("No, the credential is damaged"),
        _("The credential names a clip of this archive, but it cannot be read any more."),
    ),
    "imitated": (
        _("No, something was changed"),
        _("The file, or what is said about it, is not what this archive once signed."),
    ),
    "two_parents": (
        _("No, it cannot hold"),
        _("The credential contradicts the standard, so it ties nothing to these bytes."),
    ),
    "never_issued": _UNCHANGED,
    "revoked": (
        _("As they were signed"),
        _("Nothing was changed since the signature, but that may be a thief's."),
    ),
    **dict.fromkeys(
        ("on_c2pa_list", "on_interim_list", "unknown_signer", "self_signed", "expired",
         "not_yet_valid"), _UNCHANGED,
    ),
    "foreign_changed": (
        _("No, something was changed"),
        _("The file, or what is said about it, is not what was once signed."),
    ),
    "no_credential": (
        _UNTOLD,
        _("Nothing in the file says what its bytes should be, and the archive issued no file with"
          " these."),
    ),
    "stripped": (
        _("The pictures yes, the file no"),
        _("The pictures are those of a clip that this archive issued; the credential is gone."),
    ),
    "kept_elsewhere": (
        _UNTOLD,
        _("What the bytes should be is said elsewhere, and addresses in a file are never asked."),
    ),
    **dict.fromkeys(
        ("unsupported_kind", "empty", "malformed", "damaged", "over_limits", "reader_failed"),
        (_UNTOLD, _("The file could not be read.")),
    ),
}  # fmt: skip
# Where the bytes break although the revoked key's signature holds.
REVOKED_BROKEN = (
    _("No, something was changed"),
    _("The file, or what is said about it, is not what was signed with that key."),
)
NOT_KNOWN_OFFLINE = (
    _UNTOLD,
    _("Nothing in the file says what its bytes should be, and the archive was not asked."),
)

# The second answer: who signed.
SIGNERS: Mapping[Who, str] = {
    "archive": _("This archive"),
    "revoked": _("A key of this archive that was revoked"),
    "c2pa": _("Somebody on the C2PA trust list"),
    "interim": _("Somebody on the C2PA's former list"),
    "unknown": _("Somebody this archive does not know"),
    "unproven": _UNTOLD,
}
SELF_SIGNED = (
    _("Somebody who vouches for itself"),
    _("The certificate was issued by the very one that it names: anybody can make such a one."),
)
NOBODY = (_("Nobody that can be seen"), _("There is no signature in the file."))
NO_SIGNATURE = (_UNTOLD, _("No signature could be read."))

# The third answer: the log.
LOGGED = _("Yes, as an entry of the log")
NOT_PROVEN = _("Not proven")
NOT_IN_LOG = (_("No"), _("The credential brings no receipt that holds."))
LOG_NOT_ASKED = (
    _("It was not asked"),
    _("Nothing in this file claims a place in this archive's log."),
)
