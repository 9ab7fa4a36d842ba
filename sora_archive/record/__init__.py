"""The record: what is known about the protest, by whom it is said, and what is disputed."""
