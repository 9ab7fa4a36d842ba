"""The accounts room as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People of the archive."""

    name = "sora_archive.accounts"
    label = "accounts"
    verbose_name = "People"
