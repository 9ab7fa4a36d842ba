"""The line: from a request to a signed, logged clip."""
