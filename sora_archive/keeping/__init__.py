"""Keeping the archive: backup and restore of all it stores, and a bag for other archives."""
