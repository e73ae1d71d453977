"""Seals: signed checkpoints over all events, and what can be proved by them."""
