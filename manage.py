#!/usr/bin/env python
"""Django's command line for the archive."""

import os
import sys


def main() -> None:
    """Run one management command with the archive's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sora_archive.settings")
    from sora_archive.database_urls import ROLE_OF_COMMAND, wakes

    # Always, because a command started by another one inherits the other's role.
    os.environ["DATABASE_ROLE"] = ROLE_OF_COMMAND.get("".join(sys.argv[1:2]), "web")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        if wakes(sys.argv):
            _woken()
        else:
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # Wrong settings mean that nothing was done: for `verify` that is exit status 3.
        sys.exit(_refuse(error, 3 if sys.argv[1:2] == ["verify"] else 2))


def _woken() -> None:
    from django.core.management import execute_from_command_line

    from sora_archive.keeping import server
    from sora_archive.launching.guard import Refusal

    try:
        with server.reachable():
            execute_from_command_line(sys.argv)
    except Refusal as error:
        sys.exit(_refuse(error, 2))


def _refuse(error: Exception, status: int) -> int:
    print(error, file=sys.stderr)
    return status


if __name__ == "__main__":
    main()
