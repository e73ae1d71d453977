"""
Rules: the objections that a step of the machine can meet.

Each rule is a pure question about one move: None if it has no objection, otherwise the objection with the clause that
it rests on. The machine asks every rule of a step and keeps every objection, so that a refusal lists all reasons.
"""

from __future__ import annotations

from typing import Final

from workflow import facts as f
from workflow.rules import attempting as a
from workflow.rules import ending as x
from workflow.rules import intake as i
from workflow.rules import marking as m
from workflow.rules import rechecks as c
from workflow.rules import renewal as n
from workflow.rules import results as r
from workflow.rules import time as t
from workflow.rules.move import Move, Rule, concerns

RULES: Final[dict[type[f.Fact], tuple[Rule, ...]]] = {
    f.InformationRequested: (i.is_undecided,),
    f.Resubmitted: (i.is_undecided, i.is_returned, i.words_are_known),
    f.EvidenceAdded: (i.is_accepted, i.words_are_known, i.shows_more),
    f.EvidenceChecked: (i.names_evidence, i.says_why, i.leaves_the_gate_closed),
    f.EvidenceJudged: (i.names_evidence, i.judges_something),
    f.EligibilityAccepted: (i.is_undecided, t.is_no_draft, i.condition_is_met),
    f.EligibilityRefused: (i.is_undecided, t.is_no_draft),
    f.EligibilityReopened: (i.is_decided,),
    f.TrainingRecorded: (i.is_accepted, i.is_completed_by_then, i.credits_are_converted),
    f.TrainingWaived: (i.is_accepted,),
    f.ExemptionGranted: (i.is_accepted, a.exemption_is_met),
    f.ExemptionWithdrawn: (a.exemption_stands,),
    f.EndorsementRecorded: (a.is_given_by_then,),
    f.EndorsementWithdrawn: (a.endorsement_stands,),
    f.Admitted: (
        r.part_is_assessed,
        r.is_an_exam,
        r.is_not_before,
        r.is_not_admitted,
        r.is_not_held,
        r.prerequisites_are_held,
        r.is_within_validity,
        t.outlasts_deadlines,
        t.is_authorized,
        r.is_not_suspended,
        r.is_not_barred,
        a.course_was_not_void,
        a.may_resit,
        a.is_endorsed,
        a.part_conditions_are_met,
    ),
    f.AdmissionCancelled: (r.is_open,),
    f.AbsenceRecorded: (r.is_open, r.is_on_the_day, m.has_no_marks),
    f.ScoreEntered: (r.part_is_assessed, r.is_open, r.is_in_scale, a.components_make_the_score, m.is_a_new_reader),
    f.ScoreRecorded: (
        r.part_is_assessed,
        r.is_open_or_a_new_review,
        r.is_on_the_day,
        r.is_in_scale,
        a.components_make_the_score,
        r.is_an_allowed_form,
        r.prerequisites_are_held,
        a.may_resit,
        a.part_conditions_are_met,
        m.readers_agree,
        m.has_a_quorum,
    ),
    f.ScoreRetracted: (r.is_recorded_and_held_back,),
    f.ScoreAnnounced: (r.is_held_back,),
    f.ScoreAmended: (r.has_a_score, r.is_in_scale, a.components_make_the_score),
    f.RecheckRequested: (c.is_in_the_recheck_window,),
    f.RecheckDecided: (c.recheck_is_open, r.is_in_scale, a.components_make_the_score),
    f.PartLapsed: (x.is_due,),
    f.CourseVoided: (x.is_due,),
    f.Expired: (x.is_due,),
    f.Reinstated: (x.supersedes_the_ending,),
    f.ValidityExtended: (x.lasts_longer,),
    f.DeadlineExtended: (t.deadline_ends_later,),
    f.AuthorizationGiven: (i.is_accepted, t.is_of_a_part, t.has_a_last_day_to_come),
    f.PartCarriedOver: (x.part_can_be_carried, a.is_not_exempt, a.course_was_not_void),
    f.ApplicationSuspended: (x.is_not_suspended_yet,),
    f.ApplicationResumed: (x.is_suspended,),
    f.Withdrawn: (),
    f.IncidentReported: (x.names_an_attempt,),
    f.MisconductFound: (x.degree_is_known, x.names_an_attempt, x.is_heard_first),
    f.AnnulmentLifted: (x.finding_is_in_force,),
    f.Annulled: (),
    f.CertificateAwarded: (x.set_is_complete, x.award_conditions_are_met),
    f.CertificateSuspended: (n.certificate_stands_so,),
    f.CertificateRestored: (n.certificate_stands_so,),
    f.CertificateRevoked: (n.certificate_stands_so,),
    f.CertificateReplaced: (n.certificate_stands_so,),
    f.CreditRecorded: (n.renewals_count_credits, n.is_earned_in_time, n.can_still_be_renewed),
    f.CreditRejected: (n.credits_are_there,),
    f.CertificateRenewed: (
        n.can_still_be_renewed,
        n.can_be_renewed_already,
        n.renewal_is_earned,
        n.renews_as_computed,
    ),
    f.RenewalMissed: (x.is_due,),
    f.CertificateExpired: (x.is_due,),
}

__all__ = ["RULES", "Move", "Rule", "concerns"]
