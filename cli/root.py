"""
What the command line says about the whole call.

A file of its own that imports nothing, so that `examboard --help` need not load what only a verb's options need.
"""

from __future__ import annotations


class RootOptions:
    """
    The root's options; empty where the command line is silent.

    Attributes:
        database: URL or file of the database.
        actor: Who acts.
        config: Settings file.
        token_file: File of the token with which a member signs in.
        debug: Whether an internal error shows its traceback.
    """

    database: str = ""
    actor: str = ""
    config: str = ""
    token_file: str = ""
    debug: bool = False
