"""
Vocabulary: the words that stand in the cells of bulk files, Chinese and English, and what each one means.

One table for each field, meaning by meaning; the first spelling is the one that messages show. Pure data but for the
look-up. The meaning of a level, an edition or a part depends on the scheme: those words are not here.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final, Generic, TypeVar

from workflow.cells import spaced

Meaning = TypeVar("Meaning")


def folded(word: str) -> str:
    """Fold a word for comparison: cleaned, in lower case, without blanks, hyphens and underscores."""
    return spaced(word).casefold().replace(" ", "").replace("_", "").replace("-", "")


class Vocabulary(Generic[Meaning]):
    """The words of one field."""

    def __init__(self, spellings: Mapping[Meaning, tuple[str, ...]]) -> None:
        self._meanings = {folded(word): meaning for meaning, words in spellings.items() for word in words}
        self._words = {folded(word): word for words in spellings.values() for word in words}
        self._allowed = ", ".join(f"{words[0]} ({words[-1]})" for words in spellings.values())

    def find(self, word: str) -> Meaning | None:
        """Give the meaning of a word; None where it has none."""
        return self._meanings.get(folded(word))

    def read(self, word: str) -> Meaning:
        """
        Give the meaning of a word.

        Raises:
            ValueError: it has none; names the nearest word and all that are allowed.
        """
        key = folded(word)
        if key in self._meanings:
            return self._meanings[key]
        near = difflib.get_close_matches(key[:100], self._words, n=1, cutoff=0.5)
        hint = f"; did you mean {self._words[near[0]]}?" if near else ""
        raise ValueError(f"is not a word known here{hint}; allowed: {self._allowed}")


SEX: Final = Vocabulary({"male": ("男", "男性", "M", "male"), "female": ("女", "女性", "F", "female")})

DOCUMENT_TYPE: Final = Vocabulary(
    {
        "resident_id": ("居民身份证", "身份证", "二代身份证", "resident_id", "resident_identity_card"),
        "passport": ("护照", "passport"),
        "residence_permit": (
            "港澳居民居住证",
            "台湾居民居住证",
            "港澳台居民居住证",
            "香港居民居住证",
            "澳门居民居住证",
            "residence_permit",
        ),
        "permanent_residence": (
            "外国人永久居留身份证",
            "外国人永久居留证",
            "permanent_residence_card",
            "permanent_residence",
        ),
    }
)

OCCUPATION: Final = Vocabulary(
    {
        "same": ("本职业", "本专业", "same"),
        "related": ("相关职业", "相关专业", "related"),
        "other": ("其他职业", "其他专业", "其它职业", "其它专业", "other"),
    }
)

FIELD: Final = Vocabulary(
    {
        "same": ("本专业", "本职业", "same"),
        "related": ("相关专业", "相关职业", "related"),
        "other": ("其他专业", "其他职业", "其它专业", "其它职业", "other"),
    }
)

DEGREE: Final = Vocabulary(
    {
        "college": ("大专", "专科", "大学专科", "college"),
        "bachelor": ("本科", "学士", "大学本科", "bachelor"),
        "master": ("硕士", "硕士研究生", "master"),
        "doctor": ("博士", "博士研究生", "doctor"),
    }
)

SCHOOL: Final = Vocabulary(
    {
        "technical": ("技工学校", "technical"),
        "senior_technical": ("高级技工学校", "senior_technical"),
        "technician_college": ("技师学院", "technician_college"),
        "secondary_vocational": ("中等职业学校", "secondary_vocational"),
        "higher_vocational": ("高等职业学校", "higher_vocational"),
        "college": ("专科学校", "高等专科学校", "college"),
        "university": ("高等学校", "大学", "university"),
    }
)

SKILLS: Final = Vocabulary(
    {"intermediate": ("中级", "中级技能", "intermediate"), "senior": ("高级", "高级技能", "senior")}
)

STUDY_STATUS: Final = Vocabulary(
    {
        "graduated": ("毕业", "已毕业", "毕业生", "graduated"),
        "final_year": ("应届", "应届毕业生", "应届生", "final_year"),
        "enrolled": ("在读", "在校", "在读生", "在校生", "enrolled"),
    }
)

_LEVEL_NUMBERS: Final[dict[int | str, tuple[str, ...]]] = {
    1: ("一级", "一", "I", "I级", "1级", "level 1", "高级技师", "一级/高级技师", "1"),
    2: ("二级", "二", "II", "II级", "2级", "level 2", "技师", "二级/技师", "2"),
    3: ("三级", "三", "III", "III级", "3级", "level 3", "高级工", "三级/高级工", "3"),
    4: ("四级", "四", "IV", "IV级", "4级", "level 4", "中级工", "四级/中级工", "4"),
    5: ("五级", "五", "V", "V级", "5级", "level 5", "初级工", "五级/初级工", "5"),
}

CERTIFICATE_LEVEL: Final = Vocabulary[int | str](
    {**_LEVEL_NUMBERS, "preparatory_technician": ("预备技师", "preparatory_technician")}
)

COURSE_LEVEL: Final = Vocabulary[int | str](
    {
        **_LEVEL_NUMBERS,
        6: ("六级", "六", "VI", "VI级", "6级", "level 6", "6"),
        7: ("七级", "七", "VII", "VII级", "7级", "level 7", "7"),
        8: ("八级", "八", "VIII", "VIII级", "8级", "level 8", "8"),
        9: ("九级", "九", "IX", "IX级", "9级", "level 9", "9"),
    }
)

CERTIFICATE_KIND: Final = Vocabulary(
    {
        "vq": ("职业资格证书", "国家职业资格证书", "职业资格", "vocational_qualification", "vq"),
        "sl": ("职业技能等级证书", "职业技能等级", "skill_level", "sl"),
    }
)

YES_NO: Final = Vocabulary({True: ("是", "有", "true", "1", "yes"), False: ("否", "无", "false", "0", "no")})

STILL_THERE: Final = Vocabulary({True: ("至今", "今", "present", "now")})

PHASE: Final = Vocabulary({"before": ("申报前", "before"), "after": ("申报后", "after")})

PART: Final = Vocabulary(
    {
        "theory": ("理论知识", "理论", "theoretical_knowledge", "theory"),
        "skills": ("专业技能", "技能", "professional_skills", "skills"),
    }
)

ABSENT: Final = Vocabulary({True: ("缺考", "absent")})

REVIEW_FORM: Final = Vocabulary(
    {
        "case_analysis": ("案例分析", "case_analysis"),
        "thesis_defence": ("论文答辩", "thesis_defense", "thesis_defence"),
        "performance_evaluation": ("业绩评审", "performance_evaluation"),
    }
)
