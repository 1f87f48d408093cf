"""Minors: a declared birth year, a guardian who agrees for a child, and the end of it.

Both sign: the child by asking for a code, the guardian by sending it with the version of the notice that was read. While a child has no
guardian nothing is captured; what the child agreed to before is withdrawn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from puhui.kernel import clock
from puhui.members.capture_api import POOLING
from puhui.members.codes import GUARDIAN, LIFE, Codes
from puhui.members.errors import (
    BirthYearDeclared,
    BirthYearInvalid,
    GuardianDecides,
    GuardianNotAdult,
    GuardianRequired,
    MemberNotFound,
    NotAChild,
    NotForMinors,
    NoticeChanged,
    OwnInvitation,
    TooManyWards,
    WardNotFound,
)
from puhui.members.friendships import member_key
from puhui.members.guardianships import GUARDIANS_MAX, WARDS_MAX, Guardianship
from puhui.members.minor_counters import DECLARED, ERASURES, GUARDED
from puhui.members.minors import ADULT, CHILD, TRADES, age_group
from puhui.members.model import Consent, Member
from puhui.members.notice import guardian_notice
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session, attempt

if TYPE_CHECKING:
    from puhui.members.repository import Members

OLDEST_YEARS = 120
PURPOSE = "guardian"  # of the guardian's own answer in the child's history
ANSWER = Record(Consent)
Also = Callable[[Session, Consent], None]
"""Adds to the transaction what an answer to one purpose means elsewhere."""


def require_may_say(member: Member, purpose: str, now: datetime, *, granted: bool, guardian_id: str) -> None:
    """Raise unless the member, or the guardian, may give this answer: a child alone may withdraw only, and a child's reductions are
    not sold."""
    child = member.group(now) == CHILD
    if guardian_id and (not child or guardian_id not in member.guardians):
        raise WardNotFound
    if not (child and granted):
        return
    if not guardian_id:
        raise GuardianDecides if member.guardians else GuardianRequired
    if purpose == POOLING:
        raise NotForMinors(what=TRADES)


def declare(
    member_id: str,
    birth_year: int,
    *,
    members: "Members",
    now: datetime,
    also: Also,
    guardian_id: str = "",
) -> Member:
    """Declare, or correct, the year of birth. Whoever is a child by it agrees to nothing any more, and has no friends here.

    Raises BirthYearInvalid, BirthYearDeclared (a child does not grow older by itself), WardNotFound.
    """
    today = clock.programme_day(now)
    if not today.year - OLDEST_YEARS <= birth_year <= today.year:
        raise BirthYearInvalid

    def build(session: Session) -> Member:
        before = members.find(member_id)
        if guardian_id and guardian_id not in before.guardians:
            raise WardNotFound
        if before.birth_year == birth_year:
            return before
        older = before.birth_year is not None and birth_year < before.birth_year
        if older and not guardian_id and before.group(now) == CHILD:
            raise BirthYearDeclared
        becomes_child = age_group(birth_year, today) == CHILD and before.group(now) != CHILD
        after = replace(before, birth_year=birth_year)
        ended = _ended(before, now) if becomes_child else []
        _change(session, before, replace(after, consents=_with(after, ended)), members)
        guarded = int(bool(before.guardians))
        counts = {
            (before.birth_year, DECLARED): -1,
            (before.birth_year, GUARDED): -guarded,
            (birth_year, DECLARED): 1,
            (birth_year, GUARDED): guarded,
        }
        members.minors.move(session, member_id, counts)
        _add_answers(session, after, ended, members, now)
        for each in ended:
            also(session, each)
        return after

    declared = attempt(members.dynamodb, build)
    if declared.group(now) == CHILD:
        _end_friendships(member_id, members, now)
    return declared


def become_guardian(
    guardian_id: str,
    code: str,
    version: str,
    purposes: Sequence[str],
    *,
    members: "Members",
    codes: Codes,
    now: datetime,
) -> Member:
    """Take a child in charge who gave the code, agreeing to the notice and, for the child, to ``purposes``. Again changes nothing.

    One read and one transaction. Raises InvitationInvalid, InvitationExpired, OwnInvitation, NotAChild, GuardianNotAdult,
    NoticeChanged, NotForMinors, TooManyWards, MemberNotFound.
    """
    child_id = codes.read(GUARDIAN, code, now).member_id
    notice = guardian_notice()
    if child_id == guardian_id:
        raise OwnInvitation
    if POOLING in purposes:
        raise NotForMinors(what=TRADES)
    if version != notice["version"]:
        raise NoticeChanged(version=notice["version"])

    def build(session: Session) -> Member:
        child, guardian = members.find(child_id), members.find(guardian_id)
        if guardian_id in child.guardians:
            return child
        if child.group(now) != CHILD:
            raise NotAChild
        if guardian.birth_year is None or guardian.group(now) != ADULT:
            raise GuardianNotAdult
        if len(child.guardians) >= GUARDIANS_MAX:
            raise TooManyWards(wards=WARDS_MAX, guardians=GUARDIANS_MAX)
        said = [
            Consent(each, granted=True, version=version, at=now, by=guardian_id).after(
                child.consents.get(each)
            )
            for each in dict.fromkeys(purposes)
        ]
        after = replace(child, guardians=(*child.guardians, guardian_id), consents=_with(child, said))
        _change(session, child, after, members)
        members.guardianships.count(session, guardian_id, guardian.birth_year, 1)
        members.guardianships.add(session, Guardianship(child_id, guardian_id, now, version, notice["hash"]))
        own = Consent(PURPOSE, granted=True, version=version, at=now, by=guardian_id)
        members.add_history(session, child_id, own, now)
        if not child.guardians:
            members.minors.move(session, child_id, {(child.birth_year, GUARDED): 1})
        _add_answers(session, after, said, members, now, guardians_added=1)
        return after

    return attempt(members.dynamodb, build)


def end_guardianship(guardian_id: str, child_id: str, *, members: "Members", now: datetime) -> None:
    """Be the child's guardian no longer. When nobody else is, everything that was agreed to is withdrawn at this moment. Raises
    WardNotFound."""

    def build(session: Session) -> None:
        ended = members.guardianships.find(child_id, guardian_id)
        if ended is None:
            raise WardNotFound
        child = members.find(child_id)
        left = tuple(each for each in child.guardians if each != guardian_id)
        answers = [] if left or child.group(now) != CHILD else _ended(child, now, by=guardian_id)
        after = replace(child, guardians=left, consents=_with(child, answers))
        _change(session, child, after, members)
        members.guardianships.remove(session, ended)
        members.guardianships.count(session, guardian_id, None, -1)
        own = Consent(PURPOSE, granted=False, version=ended.version, at=now, by=guardian_id)
        members.add_history(session, child_id, own, now)
        if not left:
            members.minors.move(session, child_id, {(child.birth_year, GUARDED): -1})
        _add_answers(session, after, answers, members, now, guardians_ended=1)

    attempt(members.dynamodb, build)


def leave_family(member_id: str, now: datetime, *, members: "Members") -> None:
    """An erased member is nobody's guardian and nobody's ward, and counts in no birth year. Again changes nothing."""
    for child_id, _ in members.guardianships.wards_of(member_id):
        end_guardianship(member_id, child_id, members=members, now=now)

    def build(session: Session) -> None:
        try:
            member = members.find(member_id)
        except MemberNotFound:
            return
        if member.birth_year is None:
            return
        for guardian_id in member.guardians:
            if ended := members.guardianships.find(member_id, guardian_id):
                members.guardianships.remove(session, ended)
                members.guardianships.count(session, guardian_id, None, -1)
        guarded = int(bool(member.guardians))
        born: int | None = member.birth_year
        counts = {(born, DECLARED): -1, (born, GUARDED): -guarded}
        members.minors.move(session, member_id, counts)
        if member.group(now):
            members.minors.count(session, member_id, now, {ERASURES: 1})
        _forget(session, member, members)

    attempt(members.dynamodb, build)


def require_ward(guardian_id: str, child_id: str, now: datetime, *, members: "Members") -> Member:
    """The child whom the guardian has in charge; one read. Raises WardNotFound, also once the child has grown up."""
    item = members.dynamodb.get(members.table, member_key(child_id))
    child = members.member_from(item) if item else None
    if child is None or guardian_id not in child.guardians or child.group(now) != CHILD:
        raise WardNotFound
    return child


@dataclass(frozen=True)
class Ward:
    """A child as its guardian sees it."""

    member: Member
    since: datetime

    def body(self, now: datetime) -> dict[str, Any]:
        """The contract's ``Ward``."""
        return {
            "member": self.member.shown(now),
            "since": clock.to_text(self.since),
            "consents": [self.member.consents[each].body() for each in sorted(self.member.consents)],
        }


def wards_of(guardian_id: str, now: datetime, *, members: "Members") -> list[Ward]:
    """The guardian's wards who are still children: two reads."""
    found = members.guardianships.wards_of(guardian_id)
    children = members.find_all([child_id for child_id, _ in found])
    return [
        Ward(child, since)
        for child, (_, since) in zip(children, found, strict=True)
        if child and child.group(now) == CHILD
    ]


def _with(member: Member, said: Sequence[Consent]) -> Mapping[str, Consent]:
    return {**member.consents, **{each.purpose: each for each in said}}


def _ended(member: Member, now: datetime, by: str = "") -> list[Consent]:
    return [
        Consent(each.purpose, granted=False, version=each.version, at=now, by=by)
        for each in member.consents.values()
        if each.granted
    ]


def _add_answers(
    session: Session, member: Member, said: Sequence[Consent], members: "Members", now: datetime, **more: int
) -> None:
    for each in said:
        members.add_history(session, member.id, each, now)
    members.minors.count_consents(session, member, list(said), now, **more)


def _change(session: Session, before: Member, after: Member, members: "Members") -> None:
    """Write what changes here, if nobody changed it since it was read."""
    values: dict[str, Any] = {
        ":year": after.birth_year,
        ":guardians": list(after.guardians),
        ":consents": {name: ANSWER.item(each) for name, each in after.consents.items()},
        ":before": {name: ANSWER.item(each) for name, each in before.consents.items()},
    }
    conditions = ["attribute_exists(entry)", "consents = :before"]
    for name, old in (("birth_year", before.birth_year), ("guardians", list(before.guardians) or None)):
        if old is None:
            conditions.append(
                f"attribute_not_exists({name})"
                if name == "birth_year"
                else "(attribute_not_exists(guardians) OR size(guardians) = :none)"
            )
        else:
            conditions.append(f"{name} = :old_{name}")
            values[f":old_{name}"] = old
    if not before.guardians:
        values[":none"] = 0
    session.update(
        members.table,
        member_key(before.id),
        "SET birth_year = :year, guardians = :guardians, consents = :consents",
        values,
        condition=" AND ".join(conditions),
        error=OptimisticLockFailed(),
    )


def _forget(session: Session, before: Member, members: "Members") -> None:
    session.update(
        members.table,
        member_key(before.id),
        "SET guardians = :none REMOVE birth_year",
        {":none": [], ":year": before.birth_year, ":n": len(before.guardians)},
        condition="birth_year = :year AND "
        + (
            "size(guardians) = :n"
            if before.guardians
            else "(attribute_not_exists(guardians) OR size(guardians) = :n)"
        ),
        error=OptimisticLockFailed(),
    )


def _end_friendships(member_id: str, members: "Members", now: datetime) -> None:
    while found := members.friendships.page(member_id, 100, None)[0]:
        for friend_id, _ in found:
            _end_friendship(member_id, friend_id, members, now)


def _end_friendship(member_id: str, friend_id: str, members: "Members", now: datetime) -> None:
    def build(session: Session) -> None:
        since, _ = members.friendships.find(member_id, friend_id)
        if since:
            members.friendships.remove(session, member_id, friend_id, now, now + LIFE)

    attempt(members.dynamodb, build)
