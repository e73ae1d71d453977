"""
Weighing: what the evidence comes to after the board has checked and judged it.

Pure. A rejected piece no longer counts; a judgement says how a piece is to be read. The evidence itself stays as shown.
"""

from __future__ import annotations

from typing import Any, Final

from workflow.application import Application
from workflow.evidence import Education, Evidence
from workflow.facts import EvidenceJudged

KINDS: Final = ("education", "certificates", "work", "training", "titles", "credits", "statements")


def items(evidence: Evidence) -> dict[str, Any]:
    """Name every piece of evidence: `education/0`, `certificates/1`, in the order shown."""
    return {f"{kind}/{n}": piece for kind in KINDS for n, piece in enumerate(getattr(evidence, kind))}


def weighed(application: Application) -> Evidence:
    """Give the evidence that counts."""
    if not application.checks and not application.judgements:  # asked for at every turn
        return application.evidence
    rejected = {check.item for check in application.checks if check.status == "rejected"}
    if not rejected and not application.judgements:
        return application.evidence
    judged = {judgement.item: judgement for judgement in application.judgements}
    kept: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for name, piece in items(application.evidence).items():
        if name not in rejected:
            kept[name.partition("/")[0]].append(_as_judged(piece, judged[name]) if name in judged else piece)
    return application.evidence.model_copy(update={kind: tuple(pieces) for kind, pieces in kept.items()})


def _as_judged(piece: Any, judgement: EvidenceJudged) -> Any:
    changes: dict[str, object] = {}
    if judgement.relation:
        changes["field" if isinstance(piece, Education) else "occupation"] = judgement.relation
    if judgement.evaluated_for and hasattr(piece, "evaluated_for"):
        changes["evaluated_for"] = judgement.evaluated_for
    return piece.model_copy(update=changes)
