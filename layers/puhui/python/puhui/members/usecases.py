"""Sign in, refresh the session, change the profile, agree to purposes."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network
from typing import Any

from puhui.kernel import ids
from puhui.kernel.errors import Unavailable
from puhui.members.errors import MemberNotFound, NicknameRefused, RefreshInvalid
from puhui.members.guardians import require_may_say
from puhui.members.model import REFRESH_LIFE, Consent, Member
from puhui.members.repository import Members
from puhui.members.tokens import ACCESS_SECONDS, Issuer
from puhui.store.limits import Limits
from puhui.store.session import RACES_MAX, Session, attempt
from puhui.wechat.api import CodeInvalid, Scene, Suggestion, WeChat

MEMBER = "member"  # the role that everyone has


@dataclass(frozen=True)
class SignedIn:
    """A sign-in's tokens: the access token for ACCESS_SECONDS, the refresh token once."""

    member: Member
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)

    def body(self) -> dict[str, Any]:
        """The contract's tokens."""
        return {
            "access_token": self.access_token,
            "expires_in": ACCESS_SECONDS,
            "refresh_token": self.refresh_token,
        }


def sign_in(
    code: str,
    address: str,
    *,
    members: Members,
    wechat: WeChat,
    issuer: Issuer,
    limits: Limits,
    now: datetime,
) -> SignedIn:
    """Sign in with wx.login's code; a new identity becomes a member. Wrong codes count against the
    ``address`` they come from, sign-ins against the member.

    Raises CodeInvalid, RiskBlocked, LoginTooFrequent, WeChatBusy, RateLimited.
    """
    with limits.guessing("sign_in_code", members.sealer.name_of(_network(address)), now, CodeInvalid):
        session = wechat.code2session(code)
    member = member_of(session.openid, session.session_key, members=members, now=now)
    limits.spend("sign_in", member.id, now)
    family_id = ids.new_id(now)
    refresh_token = issuer.refresh_token(family_id)
    members.sign_ins.start(family_id, member, _hash(refresh_token), now + REFRESH_LIFE)
    return SignedIn(member, _access(member, family_id, issuer, now), refresh_token)


def member_of(
    openid: str, session_key: str, *, members: Members, now: datetime, nickname: str = ""
) -> Member:
    """The member with this WeChat identity, made when there is none; two first sign-ins at once make one member. Who was being
    erased at this moment is a new one."""

    def build(session: Session) -> Member | None:
        if members.id_of(openid):
            return None
        member_id = ids.new_id(now)
        member = Member(
            id=member_id,
            nickname=nickname,
            roles=(MEMBER,),
            created_at=now,
            sealed_openid=members.sealer.seal(openid, member_id, "openid"),
            sealed_session_key=members.sealer.seal(session_key, member_id, "session_key"),
        )
        members.add(session, member, openid)
        return member

    for _ in range(RACES_MAX):
        if made := attempt(members.dynamodb, build):
            return made
        member_id = members.id_of(openid) or ""
        with suppress(MemberNotFound):
            return (
                members.new_session_key(member_id, session_key, now)
                if session_key
                else members.find(member_id)
            )
    raise Unavailable


def refresh(refresh_token: str, *, members: Members, issuer: Issuer, now: datetime) -> SignedIn:
    """New tokens for a refresh token, which is then spent. A spent one ends the sign-in; one that we never issued ends
    nothing.

    Raises RefreshInvalid, RefreshReused. A client whose answer got lost signs in again with wx.login, silently.
    """
    family_id, _, _ = refresh_token.partition(".")
    if len(family_id) != ids.LENGTH:
        raise RefreshInvalid
    successor = issuer.refresh_token(family_id)
    member_id = members.sign_ins.rotate(
        family_id,
        _hash(refresh_token),
        _hash(successor),
        now,
        now + REFRESH_LIFE,
        known=issuer.wrote(refresh_token),
    )
    member = _still_there(member_id, members)
    if member is None:
        members.sign_ins.end(family_id)
        raise RefreshInvalid
    return SignedIn(member, _access(member, family_id, issuer, now), successor)


def _still_there(member_id: str, members: Members) -> Member | None:
    """The member, unless the account was closed or erased."""
    try:
        member = members.find(member_id)
    except MemberNotFound:
        return None
    return None if member.closed else member


def update_me(
    member_id: str, nickname: str, *, members: Members, wechat: WeChat, limits: Limits, now: datetime
) -> Member:
    """Change the nickname, once the platform's content check lets it pass. Raises MemberNotFound, ConsentRequired,
    NicknameRefused, UserAway, RateLimited."""
    limits.spend("update_me", member_id, now)
    member = members.find(member_id)
    if member.closed:
        raise MemberNotFound
    member.require("profile")
    openid = members.sealer.open(member.sealed_openid, member_id, "openid")
    verdict = wechat.msg_sec_check(nickname, openid, Scene.PROFILE, nickname=nickname)
    if verdict.suggestion != Suggestion.PASS:
        raise NicknameRefused
    return members.set_nickname(member_id, nickname)


def put_consent(
    member_id: str,
    purpose: str,
    version: str,
    *,
    granted: bool,
    members: Members,
    now: datetime,
    also: Callable[[Session, Consent], None] | None = None,
    guardian_id: str = "",
) -> Consent:
    """Agree to a purpose, or withdraw: from now on. ``also`` adds to its transaction. ``guardian_id``: who says so for a child; a
    child alone may withdraw only. Raises GuardianDecides, GuardianRequired, WardNotFound."""

    def build(session: Session) -> Consent:
        member = members.find(member_id)
        require_may_say(member, purpose, now, granted=granted, guardian_id=guardian_id)
        said = Consent(purpose, granted, version, now, by=guardian_id).after(member.consents.get(purpose))
        members.add_consent(session, member_id, said, now)
        members.minors.count_consents(session, member, [said], now)
        if also:
            also(session, said)
        return said

    return attempt(members.dynamodb, build)


def _network(address: str) -> str:
    """What one subscriber has: an address of IPv4, or of IPv6 the first 64 bits."""
    try:
        return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address
    except ValueError:
        return address


def _access(member: Member, family_id: str, issuer: Issuer, now: datetime) -> str:
    return issuer.issue(member.id, member.roles, member.org, family_id, now)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
