"""Stories of asking in two steps: the server fixes the bytes, the artist's key signs them."""

import json
import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from generation import proposals
from generation.engines.catalog import cards
from generation.models import Generation, Proposal, RequestSignature, State
from provenance.core.records import parse_entry
from provenance.core.signatures import check_evidence, decoded, encoded
from provenance.log.models import Opening, Pending
from sora_archive.accounts import invitations, keys, signing
from sora_archive.accounts.models import ArtistKey, User
from tests.core.signers import SoftPasskey, soft_passkey
from tests.provenance.log_cast import log_in
from tests.signing_in import give_passkey, signed_in_with_two_steps

pytestmark = pytest.mark.django_db

SITE, ORIGIN = "localhost", "http://localhost:8000"


@pytest.fixture(autouse=True)
def _a_site_that_browsers_trust(settings: LazySettings) -> None:
    settings.SITE_URL = ORIGIN


@pytest.fixture
def passkey(ada: User) -> SoftPasskey:
    """ada's passkey, entered in the log."""
    soft = soft_passkey()
    keys.enrol(ada, give_passkey(ada, soft))
    return soft


def fields(**given: str) -> dict[str, str]:
    card = cards()[0]
    return {
        "prompt": "a red kite", "negative_prompt": "", "model": card.id, "seed": "7",
        "length": str(card.frames), "ignore_unknown": "on", "licence": "none",
        "request_id": str(uuid.uuid4()), "sign": "1",
    } | given  # fmt: skip


def propose(client: Client, **given: str) -> Proposal:
    """Fills in the form and presses the button that leads to signing."""
    answer = client.post("/ask/", fields(**given))
    assert answer.status_code == 302, answer.content.decode()
    proposal = Proposal.objects.latest("created_at")
    assert answer["Location"] == f"/accounts/sign/{proposal.pk}/"
    return proposal


def answer_of(soft: SoftPasskey, entry: bytes, **changed: Any) -> str:
    """What the browser posts."""
    signed = soft.sign(entry, **({"site": SITE, "origin": ORIGIN} | changed))
    return json.dumps({
        "id": signed.credential,
        "rawId": signed.credential,
        "type": "public-key",
        "response": {
            "authenticatorData": signed.authenticator_data,
            "clientDataJSON": signed.client_data,
            "signature": signed.signature,
            "userHandle": "MQ",
        },
    })  # fmt: skip


def logged() -> list[tuple[str, Mapping[str, Any]]]:
    entries = [parse_entry(bytes(row.data)) for row in Pending.objects.order_by("id")]
    return [(entry.type, entry.body) for entry in entries]


def test_ada_signs_what_she_asks_for(as_ada: Client, ada: User, passkey: SoftPasskey) -> None:
    proposal = propose(as_ada)
    entry = bytes(proposal.data)
    assert [kind for kind, _ in logged()] == ["key_event"], "proposing is not asking"
    page = as_ada.get(f"/accounts/sign/{proposal.pk}/").content.decode()
    assert "a red kite" in page
    answer = as_ada.post(
        f"/accounts/sign/{proposal.pk}/", {"credential": answer_of(passkey, entry)}
    )
    generation = Generation.objects.get()
    assert answer["Location"] == f"/generations/{generation.pk}/"
    assert (generation.prompt, generation.seed, generation.state) == ("a red kite", 7, "queued")
    assert bytes(Pending.objects.get(ticket=generation.attempt_ticket).data) == entry
    assert [kind for kind, _ in logged()] == ["key_event", "attempt", "attempt_signed"]
    assert set(logged()[2][1]) == {"attempt", "signed"}
    opened = Opening.objects.get(field="signed").value
    for secret in (encoded(passkey.cose), encoded(passkey.credential)):
        assert secret in opened
        assert not any(secret in str(body) for _, body in logged()), "only commitments are logged"
    assert not Proposal.objects.exists()
    assert "Signed by you" in as_ada.get(answer["Location"]).content.decode()


def test_the_evidence_can_be_checked_without_the_archive(
    as_ada: Client, ada: User, passkey: SoftPasskey, tmp_path: Path
) -> None:
    proposal = propose(as_ada)
    as_ada.post(
        f"/accounts/sign/{proposal.pk}/",
        {"credential": answer_of(passkey, bytes(proposal.data))},
    )
    generation = Generation.objects.get()
    file = f"/accounts/signatures/{generation.pk}.json"
    assert as_ada.get(file).status_code == 404, "not in the log yet"
    log = log_in(tmp_path)
    log.open()
    log.drain()
    answer = as_ada.get(file)
    assert "attachment" in answer["Content-Disposition"]
    vkey = as_ada.get("/log/vkey").content.decode().strip()
    found = check_evidence(json.loads(answer.content), vkey)
    assert (found.artist, found.attempt) == ("Ada", generation.attempt)
    assert decoded(found.signature.public_key) == passkey.cose


def test_the_evidence_is_the_artists_until_shared_and_the_clip_is_public(
    as_ada: Client, as_ben: Client, client: Client, ada: User, passkey: SoftPasskey
) -> None:
    proposal = propose(as_ada)
    as_ada.post(
        f"/accounts/sign/{proposal.pk}/",
        {"credential": answer_of(passkey, bytes(proposal.data))},
    )
    pk = Generation.objects.get().pk
    assert as_ben.post(f"/accounts/signatures/{pk}/share/", {"shared": "1"}).status_code == 404
    as_ada.post(f"/accounts/signatures/{pk}/share/", {"shared": "1"})
    assert RequestSignature.objects.get().shared
    assert client.get(f"/accounts/signatures/{pk}.json").status_code == 404, "no clip is public"
    as_ada.post(f"/accounts/signatures/{pk}/share/", {"shared": "0"})
    assert not RequestSignature.objects.get().shared


def test_asking_without_a_signature_needs_no_key_and_no_script(
    as_ada: Client, passkey: SoftPasskey
) -> None:
    proposal = propose(as_ada)
    as_ada.post(f"/accounts/sign/{proposal.pk}/", {"unsigned": "1"})
    assert Generation.objects.get().prompt == "a red kite"
    assert not RequestSignature.objects.exists()
    assert [kind for kind, _ in logged()] == ["key_event", "attempt"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"origin": "http://elsewhere.localhost"}, "page of another site"),
        ({"site": "elsewhere"}, "belongs to another site"),
        ({"flags": 1}, "owner was there"),
        ({"kind": "webauthn.create"}, "not that of an assertion"),
    ],
    ids=str,
)
def test_a_wrong_answer_asks_for_nothing(
    as_ada: Client, passkey: SoftPasskey, changed: dict[str, Any], words: str
) -> None:
    proposal = propose(as_ada)
    given = {"credential": answer_of(passkey, bytes(proposal.data), **changed)}
    answer = as_ada.post(f"/accounts/sign/{proposal.pk}/", given)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Generation.objects.exists()
    assert Proposal.objects.exists(), "it can be tried again"


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["", "null", "[]", '{"rawId": 1}', "{", '{"rawId":"AA"}'])
def test_an_answer_that_is_none_asks_for_nothing(
    as_ada: Client, passkey: SoftPasskey, answer: str
) -> None:
    proposal = propose(as_ada)
    refused = as_ada.post(f"/accounts/sign/{proposal.pk}/", {"credential": answer})
    assert refused.status_code == 422
    assert not Generation.objects.exists()


def test_a_signature_for_one_request_is_not_taken_for_another(
    as_ada: Client, passkey: SoftPasskey
) -> None:
    """The operator cannot put another prompt under a signature that was given."""
    first, second = propose(as_ada), propose(as_ada, prompt="a blue kite")
    given = {"credential": answer_of(passkey, bytes(first.data))}
    refused = as_ada.post(f"/accounts/sign/{second.pk}/", given)
    assert "another request" in refused.content.decode()
    assert not Generation.objects.exists()


def test_bens_key_does_not_sign_for_ada(as_ada: Client, ben: User, passkey: SoftPasskey) -> None:
    bens = SoftPasskey(soft_passkey().private, b"the-credential-of-ben")
    keys.enrol(ben, give_passkey(ben, bens))
    proposal = propose(as_ada)
    given = {"credential": answer_of(bens, bytes(proposal.data))}
    refused = as_ada.post(f"/accounts/sign/{proposal.pk}/", given)
    assert "no passkey of yours" in refused.content.decode()


def test_a_proposal_is_its_artists_and_holds_for_a_while(
    as_ada: Client, as_ben: Client, passkey: SoftPasskey
) -> None:
    proposal = propose(as_ada)
    address = f"/accounts/sign/{proposal.pk}/"
    assert as_ben.get(address)["Location"] == "/ask/"
    Proposal.objects.update(created_at=timezone.now() - timedelta(minutes=16))
    assert as_ada.post(address, {"unsigned": "1"})["Location"] == "/ask/"
    assert not Generation.objects.exists()
    assert proposals.sweep() == 1
    assert not Proposal.objects.exists()


def test_pressing_twice_asks_once(as_ada: Client, ada: User, passkey: SoftPasskey) -> None:
    proposal = propose(as_ada)
    first = proposals.accept(ada, Proposal.objects.get(), None)
    again = proposals.accept(ada, proposal, None)
    assert first.pk == again.pk
    assert Generation.objects.count() == 1


def test_a_signed_request_beyond_the_allowance_is_refused_in_the_log_too(
    as_ada: Client, ada: User, mo: User, passkey: SoftPasskey
) -> None:
    invitations.allow(ada, mo, 0, "None for now.")
    proposal = propose(as_ada)
    given = {"credential": answer_of(passkey, bytes(proposal.data))}
    as_ada.post(f"/accounts/sign/{proposal.pk}/", given)
    assert Generation.objects.get().state == State.REFUSED
    kinds = [kind for kind, _ in logged()]
    assert kinds == ["key_event", "attempt", "attempt_signed", "refused"]


def test_the_button_is_there_for_who_has_a_passkey(
    as_ada: Client, as_ben: Client, passkey: SoftPasskey
) -> None:
    assert "Sign it with a passkey" in as_ada.get("/ask/").content.decode()
    assert "Sign it with a passkey" not in as_ben.get("/ask/").content.decode()


@pytest.mark.slow
def test_ada_sees_every_attempt_under_each_of_her_keys(
    as_ada: Client, as_ben: Client, ada: User, passkey: SoftPasskey
) -> None:
    for prompt in ("a red kite", "a blue kite"):
        proposal = propose(as_ada, prompt=prompt)
        as_ada.post(
            f"/accounts/sign/{proposal.pk}/",
            {"credential": answer_of(passkey, bytes(proposal.data))},
        )
    as_ada.post("/ask/", fields(prompt="a green kite", sign=""))
    key = ArtistKey.objects.get()
    page = as_ada.get(f"/accounts/keys/{key.pk}/").content.decode()
    assert "a red kite" in page
    assert "a blue kite" in page
    assert "a green kite" not in page
    assert as_ben.get(f"/accounts/keys/{key.pk}/").status_code == 404


def test_a_key_that_is_removed_is_entered_and_what_it_signed_stays(
    ada: User, passkey: SoftPasskey
) -> None:
    client = signed_in_with_two_steps(ada)
    [authenticator] = Authenticator.objects.filter(user=ada, type="webauthn")
    client.post(f"/accounts/passkeys/{authenticator.pk}/remove/")
    key = ArtistKey.objects.get()
    assert key.removed_at is not None
    events = [body["event"] for kind, body in logged() if kind == "key_event"]
    assert events == ["made", "removed"]
    assert "What it signed" in client.get("/accounts/passkeys/").content.decode()
    assert not ada.has_passkey


def test_evidence_without_a_signature_is_none(as_ada: Client, ada: User) -> None:
    as_ada.post("/ask/", fields(sign=""))
    generation = Generation.objects.get()
    assert signing.evidence_of(generation) is None
    assert as_ada.get(f"/accounts/signatures/{generation.pk}.json").status_code == 404
