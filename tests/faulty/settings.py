"""The archive's own settings and, beside its apps, the one that makes a worker stand still."""

from sora_archive.settings import *  # noqa: F403
from sora_archive.settings import INSTALLED_APPS as OURS

INSTALLED_APPS = [*OURS, "tests.faulty.apps.Faulty"]
