"""The public log: an outbox, one sequencer that gives every entry its place, and proofs of it."""
