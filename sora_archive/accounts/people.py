"""Making people who can sign in."""

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from .models import Role, User


def create_person(username: str, pseudonym: str, role: Role, password: str) -> User:
    """A new person with a checked password; raises ValidationError with words on bad values."""
    person = User(username=username, pseudonym=pseudonym, role=role, is_staff=role == Role.CURATOR)
    validate_password(password, person)
    person.set_password(password)
    person.full_clean()
    with transaction.atomic():
        person.save()
    return person
