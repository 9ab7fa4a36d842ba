"""The one error family of the evidence: each class is a reason, its text says what to do."""


class ProvenanceError(Exception):
    """The family of everything that can go wrong in provenance."""


class KeysRefused(ProvenanceError):
    """Key material is missing, malformed, or does not belong to this archive."""


class ManifestRefused(ProvenanceError):
    """The facts given would make a manifest that is wrong or that gives too much away."""


class SigningFailed(ProvenanceError):
    """A content credential could not be made; nothing was left at the target."""


class SignerUnavailable(SigningFailed):
    """What holds the signing key does not sign now; the same file can be signed later."""


class StampUnavailable(SigningFailed):
    """The time-stamp authority did not answer as it should; the same file can be signed later."""


class Unreadable(ProvenanceError):
    """The file, or the credential inside it, could not be read; the reason is for the operator."""


class UnsupportedKind(Unreadable):
    """The bytes are of no kind of file that can carry a content credential."""


class DamagedCredential(Unreadable):
    """The file could be parsed, but the credential inside it could not."""


class RemoteManifest(ProvenanceError):
    """The credential is kept at an address elsewhere, which is never fetched."""

    def __init__(self, url: str) -> None:
        super().__init__("the credential is kept elsewhere and was not fetched")
        self.url = url
