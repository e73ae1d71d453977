"""
Rights: who may record which fact, and do which other act. The table below is the whole of it.

A right is asked for where a draft takes a fact up (`Draft.propose`) and once more where a store writes
(`workflow/roles/guarded.py`), so that every front door has the same rights. A local operator, where the board keeps no
staff, may do everything, and the history names who that was (domain.md, section 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from workflow.errors import Objection, Refused
from workflow.facts import Fact, ScoreRecorded
from workflow.scheme import Rules

Role = Literal[
    "registrar",
    "trainer",
    "invigilator",
    "examiner",
    "assessor",
    "announcer",
    "awarding_officer",
    "auditor",
    "administrator",
]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

REVIEW_RECORDED: Final = "ReviewRecorded"  # a score that a panel gave: the fact is ScoreRecorded as well

_READER: Final = ("read",)
_DESK: Final = ("read", "reveal", "export", "dossier")

# Role -> what it may record, by the name of the fact, and which other acts it may do (see ACTS).
RIGHTS: Final[Mapping[Role, frozenset[str]]] = {
    "registrar": frozenset({
        *_DESK, "print", "register_person", "amend_person", "forget_person", "set_sitting", "run_jobs",
        "Submitted", "InformationRequested", "Resubmitted", "EvidenceAdded", "EvidenceChecked", "EvidenceJudged",
        "EligibilityAccepted", "EligibilityRefused", "EligibilityReopened", "TrainingWaived", "PartCarriedOver",
        "ExemptionGranted", "ExemptionWithdrawn", "EndorsementRecorded", "EndorsementWithdrawn",
        "Admitted", "AdmissionCancelled", "RecheckRequested", "ValidityExtended", "DeadlineExtended",
        "AuthorizationGiven", "ApplicationSuspended", "ApplicationResumed", "Withdrawn", "Reinstated",
        "IncidentReported", "CreditRecorded",
    }),
    "trainer": frozenset({*_READER, "TrainingRecorded", "EndorsementRecorded", "EndorsementWithdrawn"}),
    "invigilator": frozenset({*_READER, "AbsenceRecorded", "IncidentReported"}),
    "examiner": frozenset({
        *_READER, "AbsenceRecorded", "ScoreEntered", "ScoreRecorded", "ScoreRetracted", "ScoreAmended",
        "RecheckDecided",
    }),
    "assessor": frozenset({*_READER, REVIEW_RECORDED}),
    "announcer": frozenset({*_READER, "export", "ScoreAnnounced", "ScoreAmended", "RecheckDecided"}),
    "awarding_officer": frozenset({
        *_DESK, "print", "put_scheme", "forget_person",
        "CertificateAwarded", "CertificateSuspended", "CertificateRestored", "CertificateRevoked",
        "CertificateReplaced", "CreditRejected", "CertificateRenewed", "MisconductFound", "AnnulmentLifted",
        "Annulled", "Reinstated", "ValidityExtended", "DeadlineExtended",
    }),
    "auditor": frozenset(_DESK),
    "administrator": frozenset({"keep_staff", "keep_keys", "keep_database", "run_jobs", "seal"}),
}  # fmt: skip

# What the clock may record: where time alone acts nobody is asked for a token.
CLOCK_RIGHTS: Final = frozenset({
    "PartLapsed", "CourseVoided", "Expired", "RenewalMissed", "CertificateExpired", "Reinstated", "AdmissionCancelled",
})  # fmt: skip

# The acts beside facts, in words.
ACTS: Final[Mapping[str, str]] = {
    "read": "read histories, lists and registers, masked",
    "reveal": "see names and numbers in full",
    "export": "write lists to files",
    "dossier": "open a dossier",
    "print": "print papers: tickets, certificates",
    "register_person": "register a person",
    "amend_person": "amend a person's values",
    "forget_person": "restrict or erase a person",
    "set_sitting": "set sittings",
    "put_scheme": "put a scheme document on the shelf",
    "run_jobs": "run the nightly work by hand, and deliver notices",
    "seal": "seal the record by hand",
    "keep_staff": "add and disable members, give tokens",
    "keep_keys": "make and replace keys",
    "keep_database": "rebuild what is derived from the histories",
}

# Store and method -> the act that it takes. A method that is not here only reads; a test holds that.
WRITES: Final[Mapping[tuple[str, str], str]] = {
    ("candidates", "add"): "register_person",
    ("candidates", "amend"): "amend_person",
    ("candidates", "forget"): "forget_person",
    ("schemes", "put"): "put_scheme",
    ("sittings", "put"): "set_sitting",
    ("sittings", "change"): "set_sitting",
    ("due", "claim"): "run_jobs",
    ("due", "end_hung"): "run_jobs",
    ("runs", "open"): "run_jobs",
    ("runs", "write"): "run_jobs",
    ("runs", "add"): "run_jobs",
    ("runs", "finish"): "run_jobs",
    ("runs", "release"): "run_jobs",
    ("outbox", "claim"): "run_jobs",
    ("outbox", "sent"): "run_jobs",
    ("outbox", "failed"): "run_jobs",
    ("seals", "extend"): "seal",
    ("staff", "put"): "keep_staff",
}

# What every member may write, whatever the roles: who asked after a certificate, and who saw what.
FREE_WRITES: Final = frozenset({("verifications", "put"), ("access", "add")})

STORES: Final = frozenset(store for store, _ in WRITES)

STAFF_PREFIX: Final = "staff:"
CLOCK_NAME: Final = "clock"


@dataclass(frozen=True, slots=True)
class Actor:
    """
    Who acts.

    Attributes:
        name: As it stands in every event: `staff:` and the member's name, `clock`, or what a local operator is called.
        roles: The member's roles; none for the clock and a local operator.
        kind: `member` (signed in with a token), `clock`, or `local`: nobody was asked for a token.
    """

    name: str
    roles: tuple[Role, ...] = ()
    kind: Literal["member", "clock", "local"] = "local"

    def may(self, *acts: str) -> bool:
        """Tell whether the actor has the right to one of some acts: names of facts, or of ACTS."""
        if self.kind == "local":
            return True
        rights = CLOCK_RIGHTS | {"read", "run_jobs", "seal"} if self.kind == "clock" else self._rights
        return any(act in rights for act in acts)

    def need(self, subject: str, *acts: str) -> None:
        """
        Refuse what the actor has no right to.

        Args:
            subject: What it is about, for the refusal.
            acts: The acts of which one must be the actor's.

        Raises:
            Refused: naming the rule `has_the_right`, the actor's roles, and the roles that may.
        """
        if not self.may(*acts):
            raise Refused(subject, [self.objection(acts[0])])

    def objection(self, act: str) -> Objection:
        """Say that the actor may not do something, and who may."""
        who = ", ".join(role for role in ROLES if act in RIGHTS[role]) or "nobody but the clock"
        roles = ", ".join(self.roles) or "no role"
        text = f"{self.name} ({roles}) has no right to {ACTS.get(act, f'record {act}')}; who may: {who}"
        return Objection("has_the_right", text, "board rights")

    @property
    def _rights(self) -> frozenset[str]:
        return frozenset().union(*(RIGHTS[role] for role in self.roles))


CLOCK_ACTOR: Final = Actor(CLOCK_NAME, kind="clock")


def is_member(name: str) -> bool:
    """Tell from an actor's name whether it was a member who had shown a token."""
    return name.startswith(STAFF_PREFIX)


def act_of(fact: Fact, rules: Rules) -> str:
    """Name the right that a fact takes: its type; a score that a panel gave takes one of its own."""
    if isinstance(fact, ScoreRecorded) and (part := rules.parts.get(fact.part)) and part.kind == "review":
        return REVIEW_RECORDED
    return type(fact).__name__


def acts_of(type_: str) -> tuple[str, ...]:
    """Give every right by which a fact of a type may have been recorded."""
    return (type_, REVIEW_RECORDED) if type_ == ScoreRecorded.__name__ else (type_,)
