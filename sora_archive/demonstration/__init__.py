"""What `manage.py demo` puts into a new archive so that every part of it can be tried at once.

The cast, three clips, the record that ships, a text to sign, and one report: each made once, each
through the same functions as everybody's, each saying of itself that it belongs to a demonstration.
"""
