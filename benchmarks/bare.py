"""The library's own signing call and nothing around it, to measure ours against."""

import io
from pathlib import Path
from typing import Any

import c2pa

from provenance.core.credentials import SigningIdentity


def sign(
    media: Path, target: Path, manifest: dict[str, Any], thumbnail: bytes, identity: SigningIdentity
) -> None:
    """Sign `media` into `target` as the library's documentation shows it."""
    definition = {**manifest, "thumbnail": {"format": "image/jpeg", "identifier": "thumbnail.jpg"}}
    settings = {
        "trust": {"trust_config": "1.3.6.1.4.1.62558.2.1"},
        "builder": {"thumbnail": {"enabled": False}},
    }
    signer = c2pa.Signer.from_callback(
        identity.sign, c2pa.C2paSigningAlg.ES256, identity.chain_pem.decode(), None
    )
    with c2pa.Context.from_dict(settings) as context:
        builder = c2pa.Builder(definition, context=context)
        builder.add_resource("thumbnail.jpg", io.BytesIO(thumbnail))
        with media.open("rb") as source, target.open("w+b") as sink:
            builder.sign(signer, "video/mp4", source, sink)
