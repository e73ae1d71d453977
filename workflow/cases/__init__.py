"""Worked cases: examples in words that prove a scheme document."""
