"""
Staff: the members of the board's staff, their roles, and the tokens with which they sign in.

A token is shown once and kept as a slow hash (scrypt): whoever reads the database cannot sign in with what stands
there.
Every change is an entry of the access log, written in the same transaction.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from workflow.errors import Conflict, NotFound, Objection, Refused
from workflow.roles.access import Access
from workflow.roles.rights import CLOCK_NAME, ROLES, STAFF_PREFIX, Actor, Role, is_member

NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_COST: Final = {"n": 2**14, "r": 8, "p": 1}  # 16 MB and some 40 ms for each try
_NOBODY: Final = "0" * 32 + "$" + "0" * 64


@dataclass(frozen=True, slots=True)
class Member:
    """
    A member of the board's staff.

    Attributes:
        name: A short code such as `li-wei` or `w017`; never changed, never given to another.
        roles: What the member may do, by the table of `workflow/roles/rights.py`; at least one.
        added_at: When the member was added.
        token_hash: Salt and scrypt hash of the token's secret, in hexadecimal.
        token_at: When the token was given.
        disabled_at: Since when the member may not sign in any more; absent: the member may.
    """

    name: str
    roles: tuple[Role, ...]
    added_at: datetime
    token_hash: str
    token_at: datetime
    disabled_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        """The member as who acts."""
        return Actor(f"{STAFF_PREFIX}{self.name}", self.roles, "member")


class StaffRegister(Protocol):
    """The register of staff."""

    def get(self, name: str) -> Member | None:
        """Give a member by name."""

    def all(self) -> tuple[Member, ...]:
        """Give every member, in the order of names, those who are disabled too."""

    def is_kept(self) -> bool:
        """Tell whether there is any member: then nobody acts without a token."""

    def put(self, member: Member, before: Member | None, entry: Access) -> None:
        """
        Write a member and the entry of the access log that says so, in one transaction.

        Args:
            member: The member, new or changed.
            before: The member as the caller saw it; None for a new one.
            entry: What the log is to say.

        Raises:
            Conflict: there is a member of that name already, or it was changed meanwhile; nothing was kept.
        """


@dataclass(frozen=True, slots=True)
class StaffDesk:
    """
    The use cases of who keeps the staff.

    Attributes:
        register: The register, guarded by the rights of the actor.
        actor: Who keeps it.
        now: Gives the present instant, aware.
        chance: Gives that many random bytes, unguessable.
    """

    register: StaffRegister
    actor: Actor
    now: Callable[[], datetime]
    chance: Callable[[int], bytes]

    def add(self, name: str, roles: Sequence[Role], reason: str = "") -> str:
        """
        Add a member, and give the token: the only time that it is seen.

        Raises:
            Refused: the name is no short code, there is no role, or the first member is no administrator: then nobody
                could add the next one.
            Conflict: there is a member of that name.
        """
        subject = f"member {name}"
        if not NAME.fullmatch(name):
            text = "a name is a short code of a-z, 0-9 and -, beginning with a letter, such as li-wei; at most 40"
            raise Refused("member", [Objection("has_a_name", text)])
        _check_roles(subject, roles)
        if not self.register.is_kept() and "administrator" not in roles:
            text = "the first member must be an administrator: from then on only who keeps staff can add the next one"
            raise Refused(subject, [Objection("first_is_administrator", text)])
        if self.register.get(name):
            raise Conflict(f"there is a member {name} already; a name is never given to another")
        token, kept = self._token(name)
        member = Member(name, _in_order(roles), self.now(), kept, self.now())
        self._put(member, None, "add", reason)
        return token

    def renew(self, name: str, reason: str = "") -> str:
        """Give a member a new token, and the old one is worth nothing any more; who was disabled may sign in again."""
        before = self._member(name)
        token, kept = self._token(name)
        self._put(replace(before, token_hash=kept, token_at=self.now(), disabled_at=None), before, "token", reason)
        return token

    def change_roles(self, name: str, roles: Sequence[Role], reason: str = "") -> None:
        """Give a member other roles; what was recorded under the old ones stays."""
        before = self._member(name)
        _check_roles(f"member {name}", roles)
        self._keep_an_administrator(before, "administrator" in roles)
        self._put(replace(before, roles=_in_order(roles)), before, "roles", reason)

    def disable(self, name: str, reason: str) -> None:
        """Let a member sign in no more; the name stays taken, and what it recorded stays."""
        before = self._member(name)
        self._keep_an_administrator(before, False)
        self._put(replace(before, disabled_at=before.disabled_at or self.now()), before, "disable", reason)

    def _put(self, member: Member, before: Member | None, verb: str, reason: str) -> None:
        subject = f"{verb} {member.name}: {', '.join(member.roles)}"
        self.register.put(member, before, Access(self.now(), self.actor.name, "staff", subject, reason))

    def _member(self, name: str) -> Member:
        if (found := self.register.get(name)) is None:
            raise NotFound(f"no member {name}; see: examboard staff list")
        return found

    def _keep_an_administrator(self, member: Member, stays: bool) -> None:
        others = (x for x in self.register.all() if x.name != member.name and not x.disabled_at)
        if not stays and not any("administrator" in x.roles for x in others):
            text = "is the only administrator who may sign in; add another one first"
            raise Refused(f"member {member.name}", [Objection("has_an_administrator", text)])

    def _token(self, name: str) -> tuple[str, str]:
        secret, salt = self.chance(32).hex(), self.chance(16).hex()
        return f"{name}.{secret}", f"{salt}${_hash(secret, salt)}"


def sign_in(register: StaffRegister, token: str) -> Actor:
    """
    Tell whose token it is.

    Raises:
        Refused: there is no such member, the token is not the newest one, or the member is disabled; which of these it
            was is not told.
    """
    name, _, secret = token.strip().partition(".")
    member = register.get(name) if NAME.fullmatch(name) else None
    salt, _, kept = (member.token_hash if member else _NOBODY).partition("$")
    is_right = hmac.compare_digest(_hash(secret, salt), kept)  # hashed for nobody too: a name is not told by the time
    if member is None or not is_right or member.disabled_at is not None:
        text = "the token is not that of a member who may sign in; ask an administrator: examboard staff token NAME"
        raise Refused("signing in", [Objection("has_a_token", text, "board rights")])
    return member.actor


def check_local(register: StaffRegister, name: str) -> None:
    """
    Check that a local operator may act, of whom no token is asked: a board that keeps no staff has no others.

    Raises:
        Refused: the board keeps staff, or the name is one that only a member or the clock may bear.
    """
    if name == CLOCK_NAME or is_member(name):
        text = f"{name!r} is the name of a member or of the clock; nobody may claim it without a token"
        raise Refused("signing in", [Objection("has_a_token", text, "board rights")])
    if not register.is_kept():
        return
    text = (
        "this board keeps staff, so nobody acts without a token: set EXAMBOARD_TOKEN, or EXAMBOARD_TOKEN_FILE (or "
        "--token-file) to a file of your own that holds it"
    )
    raise Refused("signing in", [Objection("has_a_token", text, "board rights")])


def _hash(secret: str, salt: str) -> str:
    return hashlib.scrypt(secret.encode("utf-8", "replace"), salt=bytes.fromhex(salt), **_COST).hex()


def _check_roles(subject: str, roles: Sequence[Role]) -> None:
    if not roles or set(roles) - set(ROLES):
        raise Refused(subject, [Objection("has_a_role", f"give at least one of the roles: {', '.join(ROLES)}")])


def _in_order(roles: Sequence[Role]) -> tuple[Role, ...]:
    return tuple(role for role in ROLES if role in roles)
