"""
The one codec for personal values: names, identity numbers, phone numbers, e-mail addresses.

Whatever the registry of candidates writes or reads passes through `PERSONAL`. Today it changes nothing; encryption at
rest is a change here and nowhere else, for which reason lookups go by `index` and never by the sealed text.
"""

from __future__ import annotations

from typing import Final


class Plain:
    """Personal values as they are."""

    def seal(self, text: str) -> str:
        """Give the text to be stored; it may differ each time."""
        return text

    def open(self, text: str) -> str:
        """Give back what was sealed."""
        return text

    def index(self, text: str) -> str:
        """Give what stands for a text in a lookup: equal for equal texts, and it never changes."""
        return text


PERSONAL: Final = Plain()
