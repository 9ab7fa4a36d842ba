#!/usr/bin/env python
"""Django's command line for the archive."""

import os
import sys


def main() -> None:
    """Run one management command with the archive's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sora_archive.settings")
    from sora_archive.database_urls import ROLE_OF_COMMAND

    # Always, because a command started by another one inherits the other's role.
    os.environ["DATABASE_ROLE"] = ROLE_OF_COMMAND.get("".join(sys.argv[1:2]), "web")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
