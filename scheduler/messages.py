"""
Messages: what a candidate is told of what will run out, in Chinese and in English.

Pure. A message bears the application's number, what runs out, its last valid day, what to do and the clause; no name
and no number of a person. To whom it goes is put on it last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from workflow.errors import ExamboardError
from workflow.facts import CertificateExpired, CourseVoided, Expired, PartLapsed, RenewalMissed
from workflow.nights.last_steps import last_day
from workflow.scheme import Rules

RunsOut = Expired | PartLapsed | CourseVoided | RenewalMissed | CertificateExpired
Both = tuple[str, str]  # in Chinese and in English

_STAGES: Final = {
    "submitted": ("报名审核与培训", "the eligibility decision and the training"),
    "trained": ("报名参加考试", "the admission to an exam"),
    "comprehensive_review": ("综合评审", "the comprehensive review"),
    "awaiting_award": ("认定发证", "the award"),
    "draft": ("申报草稿", "the draft"),
    "information": ("补充材料", "the information that was asked for"),
    "edition": ("按本版标准完成全部科目", "the parts that are missing under this edition"),
    "window": ("全部科目合格", "the parts that are missing"),
}
_SOURCES: Final = {
    "none": ("标准未作规定，按默认规则", "not in the standard: a default"),
    "board": ("本机构规定", "the board's own policy"),
}


class NotTaken(ExamboardError):
    """
    A message was refused where it was handed in, others may be taken. The text holds no personal value.

    Attributes:
        is_final: Whether it is no use to try again.
    """

    def __init__(self, text: str, is_final: bool = False) -> None:
        self.is_final = is_final
        super().__init__(text)


class Words(NamedTuple):
    """What a message says: its subject and its text."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """
    A message on its way.

    Attributes:
        key: Names the notice: the same at every try, so that a repeat is recognised.
        to: The e-mail address to which it goes.
        words: What it says.
        at: When it is sent.
    """

    key: str
    to: str = field(repr=False)
    words: Words
    at: datetime


class Sink(Protocol):
    """Where messages are handed in: a mail server, a folder."""

    def send(self, message: Message) -> None:
        """
        Hand in a message; the same one may come again.

        Raises:
            NotTaken: this message is refused.
            Unavailable: none can be handed in now.
        """


def key_of(application: str, reason: str) -> str:
    """Derive the name of a notice: 32 hexadecimal digits, the same for ever."""
    return hashlib.sha256(f"{application}\n{reason}".encode()).hexdigest()[:32]


def words_of(application: str, fact: RunsOut, rules: Rules, board: str = "") -> Words:
    """
    Say in both languages what the clock will do to an application.

    Args:
        application: Its number.
        fact: What the clock will do: a lapse, an expiry or the end of a certificate.
        rules: The rules of the application.
        board: The board's name, at the end of the text.
    """
    last, clause = last_day(fact), _clause(fact.clause)
    what, after, advice = _said(fact, rules)
    scheme, level = rules.scheme, rules.level
    chinese = (
        f"申报号：{application}（{scheme.occupation.title}，{level.title}）",
        f"即将到期：{what[0]}",
        f"有效期末日：{last}（当日仍有效）",
        f"到期之后：{after[0]}",
        f"请您：{advice[0]}",
        f"依据：{clause[0]}",
        "如已办理延期或情况已有变化，请以考试机构的最新记录为准。本邮件由系统自动发出。",
    )
    english = (
        f"Application: {application} ({scheme.title}, level {rules.number})",
        f"What runs out: {what[1]}",
        f"Last valid day: {last} (that day still counts)",
        f"Afterwards: {after[1]}",
        f"What to do: {advice[1]}",
        f"Clause: {clause[1]}",
        "If an extension was granted or anything has changed, the board's newest record counts. Sent automatically.",
    )
    parts = ["\n".join(chinese), "\n".join(english), *([board] if board else [])]
    return Words(f"到期提醒 Reminder: {application}, {last}", "\n\n".join(parts) + "\n")


def _said(fact: RunsOut, rules: Rules) -> tuple[Both, Both, Both]:
    """Say what runs out, what follows, and what to do, each in Chinese and English."""
    if isinstance(fact, RenewalMissed):
        return _renewal(fact, rules)
    if isinstance(fact, CertificateExpired):
        what = (f"证书（{rules.scheme.certificate.title}）", f"the certificate ({rules.scheme.certificate.title})")
        after = ("证书不再有效。", "the certificate is no longer valid.")
        if fact.renewable_until:
            what = (f"证书（{rules.scheme.certificate.title}）的补办续证期限", f"the time to renew late {what[1]}")
            after = ("证书失效，不能再续证。", "the certificate has expired for good.")
            return what, after, ("请在末日（含当日）之前补办续证。", "renew it by that day.")
        return what, after, ("请在末日之前向考试机构咨询续证事宜。", "ask the board about its renewal before that day.")
    if isinstance(fact, PartLapsed):
        again = tuple(", ".join(names) for names in zip(*(_part(part, rules) for part in fact.parts), strict=True))
        after = (f"须重新参加：{again[0]}。", f"to be taken again: {again[1]}.")
        return _pass(_part(fact.part, rules)), after, _still_to_pass(rules)
    if isinstance(fact, CourseVoided):
        after = ("培训无效，须重新参加培训。", "the course is void and must be taken again.")
        return (
            _attempts(fact.part, rules),
            after,
            ("请向考试机构咨询重新培训事宜。", "ask the board about a new course."),
        )
    after = ("申报终止，须重新申报。", "the application ends; a new one must be filed.")
    if (spent := fact.cause.removeprefix("attempts of ").removesuffix(" used up")) in rules.parts:
        return (
            _attempts(spent, rules),
            after,
            ("如对成绩有异议，请及时申请复核。", "if in doubt, ask for a recheck in time."),
        )
    if (part := fact.cause.removesuffix(" lapsed")) in rules.parts:
        return _pass(_part(part, rules)), after, _still_to_pass(rules)
    name = fact.cause.removeprefix("deadline of ").removesuffix(" passed")
    stage = _stage(name, rules)
    what = (f"“{stage[0]}”环节的期限", f"the time for {stage[1]}")
    if (countdown := rules.countdowns.get(name)) and not countdown.is_of_a_wait:
        return what, after, _still_to_pass(rules)
    return what, after, (f"请在末日（含当日）之前完成：{stage[0]}。", f"complete {stage[1]} by that day.")


def _renewal(fact: RenewalMissed, rules: Rules) -> tuple[Both, Both, Both]:
    title, counts, until = rules.scheme.certificate.title, fact.counts_until, fact.renewable_until
    late = counts > fact.last_valid_on
    after = (
        f"证书{f'效力延至 {counts}，其后' if late else ''}暂停，{until} 之前（含当日）仍可补办续证。",
        f"{f'it counts through {counts}, then' if late else 'the certificate'} is suspended unless it is renewed; "
        f"it can be renewed late through {until}.",
    )
    advice = ("请在末日（含当日）之前办理续证。", "renew it by that day.")
    return (f"证书（{title}）的续证期限", f"the time to renew the certificate ({title})"), after, advice


def _attempts(part: str, rules: Rules) -> Both:
    named = _part(part, rules)
    return f"“{named[0]}”的考试次数已用完", f"the attempts at {named[1]}, which are used up"


def _pass(part: Both) -> Both:
    return f"“{part[0]}”合格成绩", f"the pass in {part[1]}"


def _still_to_pass(rules: Rules) -> Both:
    if rules.scheme.completion.judged_on == "announced":
        return (
            "请尽早参加其余科目，其合格成绩须在末日（含当日）之前公布。",
            "take the parts that are still missing so early that they are passed and announced by that day.",
        )
    return "请在末日（含当日）之前参加其余科目并合格。", "sit the missing parts by that day, and pass them."


def _part(part: str, rules: Rules) -> Both:
    found = rules.parts.get(part)
    title, names = (found.title, (found.title, *found.names)) if found else (part, ())
    return title, _first_ascii(names) or part


def _stage(state: str, rules: Rules) -> Both:
    deadline = rules.level.deadlines.get(state)
    if deadline and deadline.title:
        return deadline.title, deadline.title
    if state in _STAGES:
        return _STAGES[state]
    stage = rules.stages.get(state)
    return _parts(stage.parts, rules) if stage else (state, state)


def _parts(parts: Sequence[str], rules: Rules) -> Both:
    named = [_part(part, rules) for part in parts]
    return "、".join(part[0] for part in named), ", ".join(part[1] for part in named)


def _first_ascii(names: Iterable[str]) -> str:
    return next((name for name in names if name.isascii()), "")


def _clause(clause: str) -> Both:
    source, _, at = clause.partition(" ")
    chinese, english = _SOURCES.get(source, (source, source))
    return f"{chinese} {at}".strip(), f"{english} {at}".strip()
