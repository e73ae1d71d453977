"""Persons: the register of candidates, its limits in time, and their rights in it."""
