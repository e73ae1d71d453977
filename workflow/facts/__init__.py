"""
Facts: what can become true of an application, in the past tense, each saying what it changes.

No fact holds a personal value. Whether a fact is allowed is judged by `workflow/rules`, where it leads by
`workflow/machine.py`. A fact's form never changes without a new version and an upcaster.
"""

from __future__ import annotations

from typing import Final

from workflow.facts.base import Changes, Fact, Reason
from workflow.facts.certificates import (
    CertificateAwarded,
    CertificateExpired,
    CertificateReplaced,
    CertificateRestored,
    CertificateRevoked,
    CertificateSuspended,
)
from workflow.facts.clock import (
    ApplicationResumed,
    ApplicationSuspended,
    Expired,
    PartCarriedOver,
    PartLapsed,
    Reinstated,
    ValidityExtended,
)
from workflow.facts.conduct import Annulled, AnnulmentLifted, IncidentReported, MisconductFound, Withdrawn
from workflow.facts.intake import (
    EligibilityAccepted,
    EligibilityRefused,
    EligibilityReopened,
    EvidenceChecked,
    EvidenceJudged,
    InformationRequested,
    Resubmitted,
    Submitted,
    TrainingRecorded,
    TrainingWaived,
)
from workflow.facts.results import (
    AbsenceRecorded,
    AdmissionCancelled,
    Admitted,
    PanelMark,
    RecheckDecided,
    RecheckRequested,
    ScoreAmended,
    ScoreAnnounced,
    ScoreEntered,
    ScoreRecorded,
    ScoreRetracted,
)

FACTS: Final[dict[str, type[Fact]]] = {
    fact.__name__: fact
    for fact in (
        Submitted,
        InformationRequested,
        Resubmitted,
        EvidenceChecked,
        EvidenceJudged,
        EligibilityAccepted,
        EligibilityRefused,
        EligibilityReopened,
        TrainingRecorded,
        TrainingWaived,
        Admitted,
        AdmissionCancelled,
        AbsenceRecorded,
        ScoreEntered,
        ScoreRecorded,
        ScoreRetracted,
        ScoreAnnounced,
        ScoreAmended,
        RecheckRequested,
        RecheckDecided,
        PartLapsed,
        Expired,
        Reinstated,
        ValidityExtended,
        PartCarriedOver,
        ApplicationSuspended,
        ApplicationResumed,
        Withdrawn,
        IncidentReported,
        MisconductFound,
        AnnulmentLifted,
        Annulled,
        CertificateAwarded,
        CertificateSuspended,
        CertificateRestored,
        CertificateRevoked,
        CertificateReplaced,
        CertificateExpired,
    )
}

__all__ = [
    "FACTS",
    "AbsenceRecorded",
    "AdmissionCancelled",
    "Admitted",
    "Annulled",
    "AnnulmentLifted",
    "ApplicationResumed",
    "ApplicationSuspended",
    "CertificateAwarded",
    "CertificateExpired",
    "CertificateReplaced",
    "CertificateRestored",
    "CertificateRevoked",
    "CertificateSuspended",
    "Changes",
    "EligibilityAccepted",
    "EligibilityRefused",
    "EligibilityReopened",
    "EvidenceChecked",
    "EvidenceJudged",
    "Expired",
    "Fact",
    "IncidentReported",
    "InformationRequested",
    "MisconductFound",
    "PanelMark",
    "PartCarriedOver",
    "PartLapsed",
    "Reason",
    "RecheckDecided",
    "RecheckRequested",
    "Reinstated",
    "Resubmitted",
    "ScoreAmended",
    "ScoreAnnounced",
    "ScoreEntered",
    "ScoreRecorded",
    "ScoreRetracted",
    "Submitted",
    "TrainingRecorded",
    "TrainingWaived",
    "ValidityExtended",
    "Withdrawn",
]
