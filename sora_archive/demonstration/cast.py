"""The demo's people, with passwords and second steps that are made at its first start.

Nothing is fixed and nothing is left out: mo and olga need two steps here as everywhere. Passwords
lie in a file so that a later start can print them again; second steps are read from the database.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import transaction

from sora_archive.accounts.models import KEEPERS, Role, User
from sora_archive.accounts.people import create_person

CAST = {"ada": Role.ARTIST, "mo": Role.CURATOR, "olga": Role.OPERATOR}
PSEUDONYMS = {"ada": "Ada", "mo": "Mo", "olga": "Olga"}
CODES_SHOWN = 3


def password_file() -> Path:
    """Where the demo's passwords are kept so that a second start can show them again."""
    path: Path = settings.DATA / "demo-passwords.txt"
    return path


def known_passwords() -> dict[str, str]:
    """The passwords made at the first start, by user name."""
    if not password_file().exists():
        return {}
    lines = password_file().read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines if " " in line)


def ensure() -> dict[str, str]:
    """Makes whoever of the cast is missing; the passwords, as far as they still hold."""
    passwords = known_passwords()
    for name, role in CAST.items():
        if User.objects.filter(username=name).exists():
            continue
        passwords[name] = secrets.token_urlsafe(9)
        _keep(passwords)  # first, so that nobody exists whose password is lost
        with transaction.atomic():
            person = create_person(name, PSEUDONYMS[name], role, passwords[name])
            if role in KEEPERS:
                TOTP.activate(person, generate_totp_secret())
                RecoveryCodes.activate(person)
    people = {person.username: person for person in User.objects.filter(username__in=CAST)}
    return {
        name: word
        for name, word in passwords.items()
        if name in people and people[name].check_password(word)
    }


def ways_in(passwords: dict[str, str]) -> Iterator[str]:
    """How to sign in as each of them, in lines; what somebody has changed is not told."""
    for name, role in CAST.items():
        known = passwords.get(name)
        word = f"password {known}" if known else "has another password by now"
        yield f"  sign in as {name:<5}({role.label.lower()}){' ' * (9 - len(role))} {word}"
        if known and role in KEEPERS:
            yield from _second_step(name)


def _second_step(name: str) -> Iterator[str]:
    own = {row.type: row for row in Authenticator.objects.filter(user__username=name)}
    codes = own.get(Authenticator.Type.RECOVERY_CODES)
    unused = RecoveryCodes(codes).get_unused_codes()[:CODES_SHOWN] if codes else []
    if unused:
        yield f"    second step: one of these codes, each once   {'  '.join(unused)}"
    if app := own.get(Authenticator.Type.TOTP):
        yield f"    or an authenticator app with the secret      {decrypt(app.data['secret'])}"


def _keep(passwords: dict[str, str]) -> None:
    draft = password_file().with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{name} {word}\n" for name, word in passwords.items())
    draft.replace(password_file())
