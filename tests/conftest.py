"""Fixtures every story shares: the cast, keys, a model, and a log that answers."""

import json
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as examples

from generation.engines import catalog
from generation.engines.catalog import UNTRAINED
from sora_archive.accounts.models import Role, User
from sora_archive.accounts.people import create_person
from tests.emptying import empty_quickly
from tests.people import ADA, BEN, MO, Person
from tests.signing_in import signed_in, signed_in_with_two_steps

# A busy machine is slow at drawing examples, and that says nothing about what they are drawn for.
examples.register_profile(
    "unhurried", examples(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
examples.load_profile("unhurried")

UNTRAINED_CARD = Path(catalog.__file__).with_name("untrained_card.json")


@pytest.fixture(scope="session", autouse=True)
def _static_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The pages name their static files by the manifest, as on a real site.

    Each process of a parallel run collects into a folder of its own.
    """
    settings.STATIC_ROOT = tmp_path_factory.mktemp("static")
    call_command("collectstatic", verbosity=0, interactive=False)


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """A hash that is slow on purpose would take a quarter of a second for each of the cast."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """What a transactional test leaves, in the log too, is gone before the next."""
    empty_quickly()


def _person(person: Person) -> User:
    return create_person(person.username, person.pseudonym, Role(person.role), person.password)


@pytest.fixture
def ada(db: None) -> User:
    return _person(ADA)


@pytest.fixture
def ben(db: None) -> User:
    return _person(BEN)


@pytest.fixture
def mo(db: None) -> User:
    return _person(MO)


@pytest.fixture
def as_ada(ada: User) -> Client:
    """A browser in which ada has signed in."""
    return signed_in(ada)


@pytest.fixture
def as_ben(ben: User) -> Client:
    """A browser in which ben has signed in."""
    return signed_in(ben)


@pytest.fixture
def as_mo(mo: User) -> Client:
    """A browser in which mo, the curator, has signed in with two steps."""
    return signed_in_with_two_steps(mo)


@pytest.fixture(scope="session", autouse=True)
def model_card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with the test model's card alone: enough for pages, and without torch."""
    folder = tmp_path_factory.mktemp("models") / UNTRAINED
    folder.mkdir()
    shutil.copyfile(UNTRAINED_CARD, folder / "card.json")
    settings.GENERATION_MODELS = [folder]
    return folder


@pytest.fixture(scope="session")
def model_folder(model_card: Path) -> Path:
    """The same folder with its weights, built once (imports torch)."""
    call_command("buildtestmodel", str(model_card), verbosity=0)
    return model_card


def read_json(text: str) -> dict[str, object]:
    """A JSON object from text."""
    value = json.loads(text)
    assert isinstance(value, dict)
    return value
