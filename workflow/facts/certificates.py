"""Facts of certificates: the award, and what becomes of the paper."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from workflow.document import Day, Marks, Text
from workflow.evidence import Evidence
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


class CreditRecorded(Fact):
    """
    Credits toward the renewal of a certificate were earned.

    Attributes:
        credits: How many.
        earned_on: Day on which they were earned.
        category: Their category, of those that the scheme names; empty: none.
        provider: Opaque key or number of the provider.
        reference: Number of the proof.
    """

    step = "record_credit"
    credits: Marks
    earned_on: Day
    category: Text = ""
    provider: Text = ""
    reference: Text = ""

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The credits count toward the next renewal."""
        return {"credits": (*application.credits, KnownCredit(self, sequence, on))}


class KnownCredit(NamedTuple):
    """
    Credits on record, with the days between which they count toward a renewal.

    Attributes:
        fact: The credits.
        sequence: Number of the event that recorded them.
        from_day: Day on which that event takes effect.
        rejected_on: Day on which their rejection takes effect; None: they were not rejected.
    """

    fact: CreditRecorded
    sequence: int
    from_day: date
    rejected_on: date | None = None

    def counts_on(self, day: date) -> bool:
        """Whether they are on record on a day, and not rejected by then."""
        return self.from_day <= day and (self.rejected_on is None or day < self.rejected_on)


class CreditRejected(Fact):
    """Credits that had been recorded were found not to count; `supersedes` is the number of that event."""

    step = "reject_credit"
    supersedes: int
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The credits do not count from this day on."""
        return {
            "credits": tuple(
                known._replace(rejected_on=on) if known.sequence == self.supersedes else known
                for known in application.credits
            )
        }


class CertificateRenewed(Fact):
    """
    A certificate was renewed: it keeps its number and is valid through a new day.

    Attributes:
        last_valid_on: The new last valid day.
        credits: The credits that counted for it; absent where none are asked for.
        carried: Credits beyond those asked for that count for the next time.
        evidence: What was shown for it, where the scheme asks for more than credits.
        waived: Whether the board waived what the scheme asks for, by the decision that is named.
    """

    step = "renew_certificate"
    last_valid_on: Day
    credits: Marks | None = None
    carried: Marks = Field(default=Decimal(0))
    evidence: Evidence = Evidence()
    waived: bool = False
    reason: Text = ""
    authority: Text = ""

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The certificate is valid again, whatever the clock had made of it since."""
        renewals = (*application.renewals, (on, self))
        return {"renewals": renewals, "certificate_standing": "valid", "is_renewal_missed": False}


class RenewalMissed(Fact):
    """
    The clock found a certificate not renewed by its last valid day, though it still can be.

    Attributes:
        last_valid_on: That day.
        counts_until: Last day on which the certificate still counts; from the next day it is suspended.
        renewable_until: Last day on which it can be renewed.
    """

    step = "miss_renewal"
    last_valid_on: Day
    counts_until: Day
    renewable_until: Day
    clause: Text

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The time to renew it late is running; from when on it is suspended follows from the day."""
        return {"is_renewal_missed": True}


class CertificateExpired(Fact):
    """
    The clock ended a certificate: it counted through `last_valid_on`. Whoever was certified stays certified.

    Attributes:
        renewable_until: Last day on which it could be renewed, where that is a later day.
    """

    step = "expire_certificate"
    last_valid_on: Day
    clause: Text
    renewable_until: Day | None = None

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The certificate does not count any more."""
        return {"certificate_standing": "expired", "certificate_before": application.certificate_standing}
