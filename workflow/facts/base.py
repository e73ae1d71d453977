"""The form of every fact."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import StringConstraints

from workflow.document import Strict, Text

if TYPE_CHECKING:
    from workflow.application import Application

Reason = Annotated[Text, StringConstraints(min_length=1)]
Changes = dict[str, Any]


class Fact(Strict):
    """
    Something that became true of an application.

    Attributes:
        step: The step of the machine by which it is judged; `submit` opens a history.
        version: Version of the fact's form; older forms are brought up to date by `storage.codec`.
        is_correction: Whether it corrects what was known when the clock struck, so that an expiry may be undone by it.
    """

    step: ClassVar[str]
    version: ClassVar[int] = 1
    is_correction: ClassVar[bool] = False

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """
        Say what the fact changes in an application, beside its state.

        Args:
            application: The application before.
            on: The day on which the fact takes effect.
            sequence: Number of its event; 0 for a step of the clock that is not written down.

        Returns:
            New values by field of `Application`; empty where nothing changes.
        """
        return {}
