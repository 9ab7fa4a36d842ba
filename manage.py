#!/usr/bin/env python
"""Django's command line for the archive."""

import os
import sys


def main() -> None:
    """Run one management command with the archive's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sora_archive.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
