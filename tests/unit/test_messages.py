"""What a notice says of each kind of step that the clock can take."""

from __future__ import annotations

from importlib import resources

import pytest

from scheduler.messages import RunsOut, key_of, words_of
from tests.timeline import day
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.checking.check import pin

LAST = day("2026-06-20")
NEXT = day("2026-06-21")
LAPSED = f.PartLapsed(part="theory", parts=("theory", "skills"), last_valid_on=LAST, clause="rules lapse")
CASES = {
    "restart": (LAPSED, ["须重新参加：Theory, Skills。", "to be taken again: Theory, Skills."]),
    "expire": (
        f.Expired(cause="skills lapsed", last_valid_on=LAST, expired_on=NEXT, clause="none"),
        ["“Skills”合格成绩", "the pass in Skills", "标准未作规定，按默认规则", "not in the standard: a default"],
    ),
    "deadline": (
        f.Expired(cause="deadline of trained passed", last_valid_on=LAST, expired_on=NEXT, clause="board dl"),
        ["“报名参加考试”环节的期限", "complete the admission to an exam by that day", "本机构规定 dl", "own policy dl"],
    ),
    "stage": (
        f.Expired(cause="deadline of theory_exam passed", last_valid_on=LAST, expired_on=NEXT, clause="rules"),
        ["请在末日（含当日）之前完成：Theory。", "complete Theory by that day", "依据：rules"],
    ),
    "certificate": (
        f.CertificateExpired(last_valid_on=LAST, clause="rules c"),
        ["证书（Paper）", "the certificate (Paper)", "续证", "renewal"],
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_each_kind_says_what_runs_out_and_what_to_do(kind):
    """What runs out, its last valid day, what follows, what to do and the clause are said in both languages."""
    fact, said = CASES[kind]
    assert isinstance(fact, RunsOut)
    subject, text = words_of("A1", fact, scheme_with().rules(2))
    named = ("申报号：A1", "Application: A1", f"有效期末日：{LAST}", f"Last valid day: {LAST}", "依据：", "Clause:")
    for words in (*named, *said):
        assert words in text
    assert (str(LAST) in subject, "A1" in subject) == (True, True)


def test_the_day_that_decides_is_said():
    """Where the announcement decides, it is said that the result must be announced in time."""
    rules = scheme_with(a="judged_on: sat->judged_on: announced").rules(2)
    text = words_of("A1", LAPSED, rules).text
    assert "须在末日（含当日）之前公布" in text
    assert "passed and announced by that day" in text


def test_chinese_titles_stand_in_the_chinese_lines_and_their_names_in_the_english():
    """A part with a Chinese title is named in English by the first name that it has there."""
    text = (resources.files("workflow") / "schemes" / "lrc-2019.yaml").read_text(encoding="utf-8")
    fact = f.Expired(cause="theory lapsed", last_valid_on=LAST, expired_on=NEXT, clause="none")
    said = words_of("A1", fact, pin(text, "lrc").rules(3)).text
    assert "即将到期：“理论知识”合格成绩" in said
    assert "What runs out: the pass in theory\n" in said


def test_a_key_never_changes():
    """The name of a notice is made of application and reason alone; it must stay what it was in every version."""
    assert key_of("A1", "Expired:2026-06-20:30") == "12bcfd110806d8d0bfb66053f8efafb6"
    assert key_of("A1", "b") != key_of("A1", "c") != key_of("A2", "c")
