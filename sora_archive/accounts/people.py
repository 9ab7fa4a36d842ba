"""Making people who can sign in."""

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from .models import KEEPERS, Role, User


def create_person(username: str, pseudonym: str, role: Role, password: str) -> User:
    """A new person with a checked password; raises ValidationError with words on bad values."""
    person = new_person(username, pseudonym, role)
    validate_password(password, person)
    person.set_password(password)
    person.full_clean()
    with transaction.atomic():
        person.save()
    return person


def new_person(username: str, pseudonym: str, role: str) -> User:
    """A person as the role has it, not yet saved."""
    person = User(username=username, pseudonym=pseudonym)
    give_role(person, role)
    return person


def give_role(person: User, role: str) -> None:
    """Set the role and what Django knows of it; the person is not saved."""
    person.role = role
    person.is_staff = role in KEEPERS
    person.is_superuser = role == Role.OPERATOR
