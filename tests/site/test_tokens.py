"""Stories of programs that act for ada: tokens, scopes, and requests that are asked for once."""

import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from generation import pausing, storage
from generation.engines.catalog import cards
from generation.models import Generation, Visibility
from provenance.verify.models import Credential
from sora_archive.accounts import invitations, tokens
from sora_archive.accounts.models import Token, User
from sora_archive.gallery.openapi import document
from tests.people import ADA
from tests.signing_in import signed_in_a_moment_ago
from tests.site.hanging import hang

pytestmark = pytest.mark.django_db

ASK = "/api/v1/generations"


class Program:
    """A program with a token."""

    def __init__(self, secret: str) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def ask(self, key: str = "one", **given: Any) -> HttpResponse:
        body = {"prompt": "a red circle", "ignore_unknown_words": True, "seed": 7} | given
        return self.client.post(
            ASK, body, "application/json", headers=self.headers | {"Idempotency-Key": key}
        )  # type: ignore[return-value]

    def get(self, address: str) -> Any:
        return self.client.get(address, headers=self.headers)

    def post(self, address: str) -> Any:
        return self.client.post(address, headers=self.headers)


@pytest.fixture
def program(ada: User) -> Program:
    """One of ada's that may do all."""
    return Program(tokens.issue(ada, "laptop", ["read", "generate"], 30)[1])


def said(answer: Any) -> Any:
    return answer.json()


@pytest.mark.slow
def test_ada_makes_a_token_sees_it_once_and_revokes_it(client: Client, ada: User) -> None:
    client.post("/accounts/login/", {"login": ADA.username, "password": ADA.password})
    asked = client.get("/accounts/tokens/")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    client.post(asked["Location"], {"password": ADA.password})
    made = client.post(
        "/accounts/tokens/", {"name": "laptop", "scopes": ["generate"], "days": "30"}
    )
    [secret] = re.findall(r"sora_[\w-]{43}", made.content.decode())
    token = Token.objects.get()
    assert secret not in str(vars(token)), "only the hash is kept"
    program = Program(secret)
    assert program.ask().status_code == 201
    page = client.get("/accounts/tokens/").content.decode()
    assert secret not in page
    assert "Last used" in page
    client.post(f"/accounts/tokens/{token.pk}/revoke/")
    assert program.ask("two").status_code == 401
    assert "Revoked" in client.get("/accounts/tokens/").content.decode()


def test_nobody_revokes_the_token_of_somebody_else(as_ben: Client, program: Program) -> None:
    as_ben.post(f"/accounts/tokens/{Token.objects.get().pk}/revoke/")
    assert program.get(ASK).status_code == 200


@pytest.mark.parametrize("scopes", [[], ["admin"]])
def test_a_token_for_nothing_or_for_all_is_not_made(ada: User, scopes: list[str]) -> None:
    given = {"name": "laptop", "scopes": scopes, "days": "30"}
    assert signed_in_a_moment_ago(ada).post("/accounts/tokens/", given).status_code == 422
    assert not Token.objects.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer sora_wrong", "Bearer \u00e9"]
)
def test_without_a_token_that_works_nothing_is_done(client: Client, ada: User, header: str) -> None:
    answer = client.get(ASK, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert said(answer)["error"]


def test_a_session_is_no_token(as_ada: Client) -> None:
    assert as_ada.get(ASK).status_code == 401
    assert as_ada.post(ASK, {"prompt": "x"}, "application/json").status_code == 401


def test_a_token_of_a_closed_account_or_past_its_end_does_not_work(
    ada: User, program: Program
) -> None:
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert program.get(ASK).status_code == 401
    Token.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert program.get(ASK).status_code == 200
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert program.get(ASK).status_code == 401


def test_each_scope_allows_its_own_alone(ada: User, program: Program) -> None:
    reader = Program(tokens.issue(ada, "reader", ["read"], 30)[1])
    asker = Program(tokens.issue(ada, "asker", ["generate"], 30)[1])
    refused = reader.ask()
    assert refused.status_code == 403
    assert 'scope="generate"' in refused["WWW-Authenticate"]
    made = said(asker.ask())
    for address in (ASK, f"{ASK}/{made['id']}", f"{ASK}/{made['id']}/clip.mp4"):
        assert asker.get(address).status_code == 403, address
    assert reader.post(f"{ASK}/{made['id']}/cancel").status_code == 403
    assert asker.post(f"{ASK}/{made['id']}/cancel").status_code == 200


def test_a_program_asks_looks_and_cancels(program: Program) -> None:
    answer = program.ask()
    assert answer.status_code == 201
    made = said(answer)
    assert answer["Location"] == f"{ASK}/{made['id']}"
    assert (made["state"], made["prompt"], made["seed"]) == ("queued", "a red circle", "7")
    assert said(program.get(answer["Location"])) == made
    assert said(program.post(f"{answer['Location']}/cancel"))["state"] == "cancelled"
    assert program.get(f"{answer['Location']}/clip.mp4").status_code == 404


def test_a_program_fetches_the_file_of_a_draft(ada: User, program: Program) -> None:
    clip = hang(ada, visibility=Visibility.DRAFT)
    Credential.objects.filter(pk=clip.credential_id).update(
        sha256=storage.keep_bytes(b"the very file").sha256
    )
    shown = said(program.get(f"{ASK}/{clip.generation_id}"))
    assert (shown["clip"]["id"], shown["clip"]["visibility"]) == (str(clip.pk), "draft")
    file = shown["clip"]["file"].removeprefix("http://testserver")
    assert b"".join(program.get(file).streaming_content) == b"the very file"
    assert Client().get(file).status_code == 401


def test_what_is_somebody_elses_looks_as_if_it_did_not_exist(ben: User, program: Program) -> None:
    theirs = hang(ben).generation_id
    for address in (f"{ASK}/{theirs}", f"{ASK}/{theirs}/clip.mp4", f"{ASK}/{uuid.uuid4()}"):
        assert program.get(address).status_code == 404
    assert program.post(f"{ASK}/{theirs}/cancel").status_code == 404
    assert program.get(f"{ASK}?before={theirs}").status_code == 404


def test_the_same_key_asks_once(program: Program) -> None:
    first, again = program.ask("k"), program.ask("k")
    assert (first.status_code, again.status_code) == (201, 200)
    assert said(first)["id"] == said(again)["id"]
    assert Generation.objects.count() == 1
    assert program.ask("other").status_code == 201
    assert Generation.objects.count() == 2


def test_a_seed_that_was_drawn_is_no_other_request(program: Program) -> None:
    first, again = program.ask("k", seed=None), program.ask("k", seed=None)
    assert said(first)["seed"] == said(again)["seed"]
    assert again.status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    "other",
    [{"prompt": "a blue circle"}, {"seed": 8}, {"hide_prompt": True}, {"licence": "cc0-1.0"},
     {"allowed_uses": ["data_mining"]}, {"negative_prompt": "rain"}],
    ids=str,
)  # fmt: skip
def test_a_key_for_another_request_is_refused(program: Program, other: dict[str, Any]) -> None:
    program.ask("k")
    refused = program.ask("k", **other)
    assert refused.status_code == 422
    assert "used for another request" in said(refused)["error"]
    assert Generation.objects.count() == 1


def test_keys_are_each_artists_own(program: Program, ben: User) -> None:
    bens = Program(tokens.issue(ben, "laptop", ["generate"], 30)[1])
    assert program.ask("k").status_code == bens.ask("k").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "k\u00e9y"])
def test_a_key_that_is_none_is_refused_in_words(program: Program, key: str) -> None:
    refused = program.ask(key)
    assert refused.status_code == 400
    assert "Idempotency-Key" in said(refused)["error"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_with_one_key_one_is_asked(program: Program) -> None:
    start = threading.Barrier(8)

    def ask(_number: int) -> tuple[int, str]:
        start.wait()
        try:
            answer = program.ask("k")
            return answer.status_code, said(answer)["id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert sorted(status for status, _ in answers) == [200] * 7 + [201]
    assert len({identity for _, identity in answers}) == 1
    assert Generation.objects.count() == 1


def test_a_quota_refuses_programs_too(program: Program, ada: User, mo: User) -> None:
    invitations.allow(ada, mo, 0, "None for now.")
    refused = said(program.ask())
    assert (refused["state"], refused["reason"]) == ("refused", "quota_allowance")
    assert "A curator can allow more" in refused["words"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": "x" * 100_000}, "prompt"),
        ({"prompt": "a\u202ered"}, "prompt"),
        ({"prompt": "\ud800"}, "prompt"),
        ({"prompt": "a\0b"}, "prompt"),
        ({"prompt": "zyzzogeton", "ignore_unknown_words": False}, "ignore_unknown_words"),
        ({"model": "no-such"}, "model"),
        ({"frames": 1}, "frames"),
        ({"frames": True}, "frames"),
        ({"frames": "9"}, "frames"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": "seven"}, "seed"),
        ({"licence": "mine"}, "licence"),
        ({"allowed_uses": "data_mining"}, "allowed_uses"),
        ({"allowed_uses": [["x"]]}, "allowed_uses"),
        ({"parent": "x"}, "parent"),
        ({"parent": "11111111-1111-4111-8111-111111111111"}, "parent"),
        ({"steps": 0}, "steps"),
        ({"steps": 2.5}, "steps"),
        ({"guidance": 99}, "guidance"),
        ({"guidance": "3"}, "guidance"),
        ({"size": "832x480"}, "size"),
        ({"fps": 9}, "fps"),
        ({"count": 9}, "count"),
        ({"count": 0}, "count"),
        ({"count": 2, "seed": 2**63 - 1}, "seed"),
        ({"title": "a\u202eb"}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"width": 64}, "width"),
        ({"request_id": "x"}, "request_id"),
    ],
    ids=str,
)
def test_a_bad_request_is_refused_by_field_and_asks_for_nothing(
    program: Program, given: dict[str, Any], field: str
) -> None:
    refused = program.ask(**given)
    assert refused.status_code == 422, said(refused)
    assert list(said(refused)["fields"]) == [field]
    assert not Generation.objects.exists()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"prompt=x", "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'"' + b"x" * 2_000_000 + b'"', "application/json", 400),
    ],
    ids=["form", "cut off", "no text", "list", "deep", "long"],
)
def test_a_body_that_is_no_request_is_refused(
    program: Program, body: bytes, kind: str, status: int
) -> None:
    headers = program.headers | {"Idempotency-Key": "k"}
    assert program.client.post(ASK, body, kind, headers=headers).status_code == status


@pytest.mark.slow
def test_what_was_asked_is_listed_a_page_at_a_time(program: Program) -> None:
    made = [said(program.ask(str(number)))["id"] for number in range(5)]
    seen, address = [], f"{ASK}?limit=2"
    while address:
        page = said(program.get(address))
        seen += [each["id"] for each in page["generations"]]
        address = (page["next"] or "").removeprefix("http://testserver")
    assert seen == made[::-1]
    for wrong in ("?limit=0", "?limit=101", "?limit=x", "?before=x"):
        assert program.get(f"{ASK}{wrong}").status_code == 400


def test_the_api_answers_as_its_document_says(program: Program, ada: User) -> None:
    described = document()
    paths, shared = described["paths"], {"components": described["components"]}
    hang(ada)
    made = said(program.ask())
    answers = {
        ("post", ASK, "201"): made,
        ("post", ASK, "200"): said(program.ask()),
        ("post", ASK, "422"): said(program.ask("x", prompt="")),
        ("post", ASK, "400"): said(program.ask("")),
        ("get", ASK, "200"): said(program.get(ASK)),
        ("get", f"{ASK}/{{id}}", "200"): said(program.get(f"{ASK}/{made['id']}")),
        ("get", f"{ASK}/{{id}}", "404"): said(program.get(f"{ASK}/{uuid.uuid4()}")),
        ("get", ASK, "401"): said(Client().get(ASK)),
    }
    for (method, path, status), answer in answers.items():
        response = paths[path][method]["responses"][status]
        schema = response["content"]["application/json"]["schema"] | shared
        jsonschema_rs.validator_for(schema).validate(answer)
    card = cards()[0]
    assert made["frames"] == card.frames


def test_variations_are_attempts_of_their_own_asked_for_once(program: Program) -> None:
    first, again = program.ask("k", count=3), program.ask("k", count=3)
    assert (first.status_code, again.status_code) == (201, 200)
    made = said(first)["generations"]
    assert [each["seed"] for each in made] == ["7", "8", "9"]
    assert len({each["attempt"] for each in made}) == Generation.objects.count() == 3
    assert {each["batch"] for each in made} == {made[0]["batch"]} != {None}
    assert [each["id"] for each in said(again)["generations"]] == [each["id"] for each in made]
    for other in ({"count": 2}, {"count": 4}, {}):
        assert program.ask("k", **other).status_code == 422
    assert Generation.objects.count() == 3


def test_a_program_says_all_that_the_form_says(program: Program) -> None:
    given: dict[str, Any] = {
        "size": "64x64", "frames": 25, "fps": 8, "steps": 5, "guidance": 2.5, "title": "Evening",
        "description": "A circle.",
    }  # fmt: skip
    made = said(program.ask(**given))
    asked = {"width": 64, "height": 64} | {n: v for n, v in given.items() if n != "size"}
    assert {name: made[name] for name in asked} == asked


def test_a_program_learns_what_can_be_asked(program: Program) -> None:
    [model] = said(program.get("/api/v1/models"))["models"]
    assert (model["id"], model["size"], model["damage"]) == ("untrained-test", "64x64", "")
    shared = {"components": document()["components"]}
    response = document()["paths"]["/api/v1/models"]["get"]["responses"]["200"]
    schema = response["content"]["application/json"]["schema"] | shared
    jsonschema_rs.validator_for(schema).validate(said(program.get("/api/v1/models")))


def test_while_asking_is_paused_a_program_is_told_when_to_come_back(
    program: Program, mo: User
) -> None:
    before = program.ask("before")
    pausing.begin(mo, "The workers move house until noon.")
    refused = program.ask("later")
    assert (refused.status_code, refused["Retry-After"]) == (503, "600")
    assert said(refused)["error"] == "The workers move house until noon."
    assert said(program.ask("before"))["id"] == said(before)["id"], "what was asked is not refused"
    pausing.end(mo)
    assert program.ask("later").status_code == 201


def test_a_program_tries_again_what_gave_no_clip(program: Program) -> None:
    made = said(program.ask())
    assert program.post(f"{ASK}/{made['id']}/retry").status_code == 409
    program.post(f"{ASK}/{made['id']}/cancel")
    again, twice = (said(program.post(f"{ASK}/{made['id']}/retry")) for _ in range(2))
    assert (again["retry_of"], again["seed"], again["state"]) == (made["id"], "7", "queued")
    assert again["id"] == twice["id"]
