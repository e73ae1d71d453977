"""Scheme documents read, checked, pinned, linted and compared."""
