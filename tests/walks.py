"""Random walks: histories made by a seeded chance that knows what a board might do next, refused or not."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from tests.timeline import EVIDENCE, day
from tests.unit.board import WHY
from workflow import facts as f
from workflow.application import Application, Attempt
from workflow.draft import Draft
from workflow.eligibility import assess
from workflow.errors import Refused
from workflow.evidence import Certificate, Evidence, Statement, Work
from workflow.facts import Fact
from workflow.machine import machine_of
from workflow.rules.marking import marks_of
from workflow.rules.renewal import STANDINGS
from workflow.scheme import Rules

START = day("2026-05-18")
AT = datetime(2036, 1, 1, 4, tzinfo=UTC)
# Taken now and then, whatever the state; the machine allows some of them and refuses the rest.
SELDOM = ("withdraw", "annul", "suspend", "resume", "reopen_eligibility", "refuse", "find_misconduct", "reinstate")


def evidence_for(rules: Rules) -> Evidence:
    """Give evidence that meets a condition of a level."""
    held = Certificate(occupation="same", level=min(rules.number + 1, 5), kind="vq", issued_on=day("2001-01-01"))
    long = (Work.model_validate({"occupation": "same", "from": day("1995-01-01")}),)
    for shown in (EVIDENCE, Evidence(certificates=(held,), work=long), Evidence(work=long), Evidence()):
        if assess(rules.number, rules.level, shown, START).conditions_met:
            return shown
    raise AssertionError(f"level {rules.number}: no condition is met by a certificate and thirty years of work")


class Walk:
    """One application, led on by chance."""

    def __init__(self, chance: Random, rules: Rules, evidence: Evidence) -> None:
        self.chance = chance
        self.rules = rules
        self.on = START
        fact = f.Submitted(
            candidate="c", scheme=rules.scheme.scheme, digest=rules.digest, level=rules.number, evidence=evidence
        )
        self.draft = Draft.opening("A1", fact, START, rules, AT, "clerk", "submit")
        self.condition = assess(rules.number, rules.level, evidence, START).conditions_met[0]
        self._tries = 0

    @property
    def application(self) -> Application:
        return self.draft.application

    def go(self, most: int) -> Walk:
        """Go some steps at the most; what is refused is passed over."""
        for _ in range(self.chance.randint(3, most)):
            self.on += timedelta(days=self.chance.choice((0, 1, 7, 30, 31, 90, 400)))
            steps = machine_of(self.rules).steps_from(self.application.state)
            step = self.chance.choice(SELDOM) if self.chance.random() < 0.12 else self.chance.choice(steps)
            if self.chance.random() < 0.06:  # a night comes after years in which nothing happened
                self.on += timedelta(days=1200)
                self.draft.write_down(self.on)
                continue
            if self.application.state == "submitted" and self.chance.random() < 0.6:
                self._try(self._fact("accept"))
                step = self.chance.choice(("record_training", "record_training", "waive_training"))
            elif self.application.state == "certified" and self.chance.random() < 0.5:
                step = self.chance.choice((*STANDINGS, "suspend_certificate", "restore_certificate"))
            elif any(x.recheck_on and not x.recheck_decided_on for x in self.application.attempts):
                step = "decide_recheck"
            elif self.application.state not in ("submitted", "certified") and self.chance.random() < 0.5:
                self._sit()
                step = self.chance.choice(("award", "award", "request_recheck"))
            self._try(self._fact(step))
        return self

    def _try(self, fact: Fact | None) -> None:
        self._tries += 1
        if fact is not None:
            late = timedelta(days=20 if self.chance.random() < 0.1 else 0)
            with suppress(Refused):
                self.draft.propose(fact, self.on - late, f"c{self._tries}")

    def _sit(self) -> None:
        """Sit the part of the stage, or any, and announce the marks."""
        stage = self.rules.stages.get(self.application.state)
        part = self.chance.choice(list(stage.parts if stage else self.rules.parts))
        known = self.rules.parts[part]
        what = {"part": part, "sitting": f"s{self._tries}"}
        marks = known.pass_mark if self.chance.random() < 0.75 else known.pass_mark - 1
        if known.kind == "exam":
            self._try(f.Admitted(**what, sat_on=self.on))
        made = {key: c.maximum if marks == known.pass_mark else Decimal(0) for key, c in known.components.items()}
        marks = marks_of(known, made) if made else marks
        scored = {**what, "score": marks, "components": f.component_marks(made)}
        for reader in (1, 2) if known.entry else ():
            self._try(f.ScoreEntered(**scored, reader=reader))
        form = known.forms[0] if known.forms else ""
        self._try(f.ScoreRecorded(**scored, sat_on=self.on, form=form))
        if self.chance.random() < 0.9:
            self.on += timedelta(days=self.chance.choice((0, 32)))
            self._try(f.ScoreAnnounced(**what))

    def _fact(self, step: str) -> Fact | None:
        """Make up a fact for a step, of the last attempt that there is; None for a step of the clock."""
        a, chance = self.application, self.chance
        last = a.attempts[-1] if a.attempts else Attempt("theory", "s0", self.on, "admitted")
        what = {"part": last.part, "sitting": last.sitting}
        degrees = list(self.rules.scheme.misconduct) or ["minor"]
        maker = {
            "request_information": lambda: f.InformationRequested(reason="a letter"),
            "resubmit": lambda: f.Resubmitted(evidence=a.evidence),
            "add_evidence": lambda: f.EvidenceAdded(
                evidence=Evidence(
                    statements=(Statement(statement=chance.choice(("medical", "ethics")), made_on=self.on),)
                )
            ),
            "check_evidence": lambda: f.EvidenceChecked(item="work/0", status="verified", issuer="employer"),
            "judge_evidence": lambda: f.EvidenceJudged(item="work/0", relation="same", **WHY),
            "accept": lambda: f.EligibilityAccepted(
                condition=self.condition, conditions_met=(self.condition,), evidence_digest=""
            ),
            "refuse": lambda: f.EligibilityRefused(reason="r", conditions_met=(), explanation=("r",)),
            "reopen_eligibility": lambda: f.EligibilityReopened(**WHY),
            "record_training": lambda: f.TrainingRecorded(
                hours=Decimal(200), completion_certificate=True, completed_on=self.on
            ),
            "waive_training": lambda: f.TrainingWaived(**WHY),
            "grant_exemption": self._exempt,
            "withdraw_exemption": lambda: f.ExemptionWithdrawn(exemption=(*a.exemptions, "none")[0], **WHY),
            "record_endorsement": lambda: f.EndorsementRecorded(
                part=chance.choice(list(self.rules.parts)), given_on=self.on, hours=Decimal(chance.choice((1, 9)))
            ),
            "withdraw_endorsement": lambda: f.EndorsementWithdrawn(
                supersedes=a.endorsements[-1][0] if a.endorsements else 1, **WHY
            ),
            "admit": lambda: f.Admitted(
                part=chance.choice(list(self.rules.parts)), sitting=f"s{self._tries}", sat_on=self.on
            ),
            "cancel_admission": lambda: f.AdmissionCancelled(**what, reason="power cut"),
            "record_absence": lambda: f.AbsenceRecorded(**what, sat_on=last.sat_on),
            "retract_score": lambda: f.ScoreRetracted(**what, reason="wrong sheet"),
            "announce_score": lambda: f.ScoreAnnounced(**what),
            "amend_score": lambda: f.ScoreAmended(**what, score=chance.choice((Decimal(20), Decimal(90))), **WHY),
            "request_recheck": lambda: f.RecheckRequested(**what),
            "decide_recheck": lambda: f.RecheckDecided(**what, score=chance.choice((Decimal(20), Decimal(90))), **WHY),
            "carry_over": self._carried,
            "extend_validity": lambda: f.ValidityExtended(part=last.part, until=self.on + timedelta(900), **WHY),
            "suspend": lambda: f.ApplicationSuspended(**WHY),
            "resume": lambda: f.ApplicationResumed(**WHY),
            "withdraw": lambda: f.Withdrawn(),
            "annul": lambda: f.Annulled(**WHY),
            "reinstate": lambda: f.Reinstated(supersedes=a.ending, **WHY),
            "report_incident": lambda: f.IncidentReported(**what, what="notes found"),
            "find_misconduct": lambda: self._found(chance.choice(degrees), what),
            "lift_annulment": lambda: f.AnnulmentLifted(supersedes=a.findings[-1][0] if a.findings else 1, **WHY),
            "award": lambda: f.CertificateAwarded(number="T1", series="T*", serial=1),
            "suspend_certificate": lambda: f.CertificateSuspended(**WHY),
            "restore_certificate": lambda: f.CertificateRestored(**WHY),
            "revoke_certificate": lambda: f.CertificateRevoked(**WHY),
            "replace_certificate": lambda: f.CertificateReplaced(remark="lost", **WHY),
        }.get(step)
        return maker() if maker else None

    def _exempt(self) -> Fact | None:
        known = self.rules.level.exemptions
        key = self.chance.choice(list(known)) if known else ""
        return f.ExemptionGranted(exemption=key, parts=known[key].parts[: known[key].choose]) if key else None

    def _found(self, degree: str, what: dict[str, str]) -> Fact:
        known = self.rules.scheme.misconduct.get(degree)
        until = known.bar.after(self.on) if known and known.bar else None
        return f.MisconductFound(degree=degree, **what, barred_until=until, **WHY)

    def _carried(self) -> Fact:
        return f.PartCarriedOver(
            part=self.chance.choice(list(self.rules.parts)),
            sitting=f"before{self._tries}",
            sat_on=day("2025-01-10"),
            announced_on=day("2025-02-10"),
            score=Decimal(90),
            last_valid_on=self.on + timedelta(self.chance.choice((10, 300))),
            from_application="A0",
        )
