"""Importing what is large: the libraries and models behind a noun, and those behind the database."""

from __future__ import annotations

import gc
import importlib
import sys
from types import ModuleType


def spare_the_collector() -> None:
    """
    Let the collector look for cycles less often.

    Bulk work makes millions of small values and no cycles: looking at them again and again costs a seventh of its time.
    """
    gc.set_threshold(50_000, 20, 20)


def load(name: str) -> ModuleType:
    """
    Import a module with all that it needs.

    The collector rests meanwhile and leaves what was made alone afterwards: a hundred thousand objects that stay to the
    end of the process, looked through again and again, cost a seventh of the time in which a command starts.
    """
    if name in sys.modules:
        return sys.modules[name]
    was_on = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
