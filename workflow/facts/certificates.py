"""Facts of certificates: the award, and what becomes of the paper."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from workflow.document import Day, Text
from workflow.facts.base import Changes, Fact, Reason

if TYPE_CHECKING:
    from workflow.application import Application


class CertificateAwarded(Fact):
    """The board certified the candidate under a number that no other certificate ever bears."""

    step = "award"
    number: Text
    series: Text
    serial: int
    authority: Text = ""

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The certificate is valid from this day."""
        return {"certificate": self, "certificate_standing": "valid", "awarded_on": on}


class StandingChanged(Fact):
    """A step of the certificate's own small machine (`rules/ending.py`)."""

    reason: Reason
    authority: Reason


class CertificateSuspended(StandingChanged):
    """A certificate was suspended; it does not count until it is restored."""

    step = "suspend_certificate"

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The certificate is suspended."""
        return {"certificate_standing": "suspended"}


class CertificateRestored(StandingChanged):
    """A suspension or a revocation of a certificate was taken back."""

    step = "restore_certificate"

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The certificate is valid again."""
        return {"certificate_standing": "valid"}


class CertificateRevoked(StandingChanged):
    """A certificate was declared void."""

    step = "revoke_certificate"

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The certificate does not count."""
        return {"certificate_standing": "revoked"}


class CertificateReplaced(StandingChanged):
    """
    A certificate was printed anew under the same number, after loss, damage or a corrected name.

    Attributes:
        remark: What the new paper says of it.
        stationery: Serial number of the new sheet, where sheets are numbered.
    """

    step = "replace_certificate"
    remark: Reason
    stationery: Text = ""

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The number stays; the new paper bears the remark."""
        return {"certificate_remarks": (*application.certificate_remarks, self.remark)}


class CertificateExpired(Fact):
    """The clock ended a certificate: it counted through `last_valid_on`. Whoever was certified stays certified."""

    step = "expire_certificate"
    last_valid_on: Day
    clause: Text

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The certificate does not count any more."""
        return {"certificate_standing": "expired"}
