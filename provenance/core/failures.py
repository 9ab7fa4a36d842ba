"""Plain sentences for the status codes of C2PA validation (specification 2.4, chapter 15)."""

from .phrases import N_

_WORDS = {
    "assertion.bmffHash.mismatch": N_(
        "The video is not the one that was signed: its bytes changed."
    ),
    "assertion.dataHash.mismatch": N_(
        "The file is not the one that was signed: its bytes changed."
    ),
    "assertion.boxesHash.mismatch": N_(
        "The file is not the one that was signed: its bytes changed."
    ),
    "assertion.hashedURI.mismatch": N_(
        "A statement inside the credential was changed after signing."
    ),
    "assertion.missing": N_("A statement that was signed is missing from the credential."),
    "assertion.undeclared": N_("The credential holds a statement that was not signed."),
    "assertion.inaccessible": N_(
        "A statement of the credential is kept elsewhere and was not read."
    ),
    "assertion.notRedacted": N_("A statement that should have been removed is still there."),
    "assertion.selfRedacted": N_("The credential tries to remove a statement of its own."),
    "assertion.action.redacted": N_("A record of what was done to the file was removed."),
    "assertion.action.malformed": N_("The record of what was done to the file is malformed."),
    "assertion.json.invalid": N_("A statement of the credential is malformed."),
    "assertion.cbor.invalid": N_("A statement of the credential is malformed."),
    "assertion.required.missing": N_("A statement that every credential needs is missing."),
    "assertion.multipleHardBindings": N_(
        "The credential is tied to the file in more than one way."
    ),
    "claim.missing": N_("The signed claim is missing from the credential."),
    "claim.multiple": N_("The credential holds more than one signed claim."),
    "claim.malformed": N_("The signed claim is malformed."),
    "claim.cbor.invalid": N_("The signed claim is malformed."),
    "claim.hardBindings.missing": N_("The credential is not tied to any file."),
    "claimSignature.missing": N_("The credential is not signed."),
    "claimSignature.mismatch": N_("The signature does not hold: the credential was changed."),
    "claimSignature.outsideValidity": N_(
        "The signature was made outside the certificate's validity."
    ),
    "manifest.inaccessible": N_("The credential is kept elsewhere and was not read."),
    "manifest.multipleParents": N_("The credential names more than one parent."),
    "manifest.update.invalid": N_("A later credential was added in a way that is not allowed."),
    "manifest.update.wrongParents": N_("A later credential names the wrong parent."),
    "signingCredential.untrusted": N_(
        "The signer's certificate is on none of the lists asked here."
    ),
    "signingCredential.invalid": N_("The signer's certificate may not sign content credentials."),
    "signingCredential.revoked": N_("The signer's certificate was revoked."),
    "signingCredential.ocsp.revoked": N_("The signer's certificate was revoked."),
    "signingCredential.expired": N_("The signer's certificate is outside its time of validity."),
    "timeStamp.mismatch": N_("The time-stamp belongs to something else."),
    "timeStamp.malformed": N_("The time-stamp is malformed."),
    "timeStamp.untrusted": N_("The authority that gave the time-stamp is on none of the lists."),
    "timeStamp.outsideValidity": N_("The time-stamp was given outside its certificate's validity."),
    "ingredient.manifest.missing": N_("The credential of an earlier file is missing."),
    "ingredient.manifest.mismatch": N_("The credential of an earlier file was changed."),
    "ingredient.claimSignature.mismatch": N_("The signature of an earlier file does not hold."),
    "ingredient.hashedURI.mismatch": N_("What is recorded of an earlier file was changed."),
    "hashedURI.missing": N_("The credential points to a part that is missing."),
    "hashedURI.mismatch": N_("The credential points to a part that was changed."),
    "algorithm.unsupported": N_("The credential uses an algorithm that is not known here."),
    "algorithm.deprecated": N_("The credential uses an algorithm that is no longer safe."),
    "cawg.x509.credential.untrusted": N_("The creator's own certificate is on none of the lists."),
    "general.error": N_("The credential could not be checked to the end."),
    "archive.credential.damaged": N_("The file carries a credential that is too damaged to read."),
    "archive.credential.elsewhere": N_(
        "The file only names an address where its credential is said"
        " to be; that address was not asked."
    ),
    "archive.file.limits": N_("The file could not be read within the limits of time and memory."),
    "archive.file.kind": N_("This is no kind of file that can carry a content credential."),
    "archive.file.empty": N_("The file is empty."),
    "archive.file.malformed": N_(
        "The file is damaged or cut off: it could not be read to its end."
    ),
    "archive.file.reader": N_("The reader stopped without an answer."),
    "archive.ledger.unknown": N_(
        "It bears the archive's signature, but the archive has no record of having issued it."
    ),
    "archive.ledger.bytes": N_("Byte for byte it is not the file that the archive issued."),
    "archive.key.revoked": N_(
        "The signing key was revoked, and nothing proves that the file is older."
    ),
    "archive.receipt.malformed": N_(
        "What the credential holds as its receipts from the log cannot be read."
    ),
    "archive.receipt.refused": N_("A receipt from the log inside the credential does not hold."),
    "archive.receipt.missing": N_(
        "The credential lacks a receipt that every clip of the archive has."
    ),
    "archive.receipt.mismatch": N_(
        "The receipts inside the credential belong to different attempts."
    ),
    "archive.reveal.mismatch": N_(
        "A value that was given as revealed is not the one whose hash the credential holds."
    ),
    "archive.commitment.mismatch": N_("A value in the credential is not the one that was logged."),
}
_UNEXPLAINED = N_("The validator reported a failure that has no explanation here.")


def words_for(code: str) -> str:
    """One plain sentence for a status code; a general one for a code this version does not know."""
    return _WORDS.get(code, _UNEXPLAINED)
