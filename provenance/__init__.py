"""The evidence: keys, credentials, the log, and the check of a file; runs without the site."""
