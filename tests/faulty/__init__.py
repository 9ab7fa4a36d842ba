"""Faults on order: where a worker stands still, and what lies under the archive, to be killed.

The archive itself has no such hook. It lies here, in settings that only the tests name
(DJANGO_SETTINGS_MODULE=tests.faulty.settings), so nobody can switch it on in production.
"""
