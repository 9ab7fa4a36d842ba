"""The process tree of one archive on one machine: checks before it, its services, their lives."""
