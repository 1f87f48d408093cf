"""What members do: sign in, stay signed in, say who they are and what they agree to."""

import base64
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from puhui.kernel import ids
from puhui.members.dynamo import Members
from puhui.members.errors import NicknameRefused, RefreshInvalid
from puhui.members.model import REFRESH_LIFE, Consent, Member
from puhui.members.tokens import ACCESS_SECONDS, Issuer
from puhui.store.session import Session, attempt
from puhui.wechat.api import Scene, Suggestion, WeChat

MEMBER = "member"  # the role that everyone has
_SECRET_BYTES = 32


@dataclass(frozen=True)
class SignedIn:
    """A sign-in's tokens: the access token for ACCESS_SECONDS, the refresh token once."""

    member: Member
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)

    def shown(self) -> dict[str, Any]:
        """The tokens of the contract."""
        return {
            "access_token": self.access_token,
            "expires_in": ACCESS_SECONDS,
            "refresh_token": self.refresh_token,
        }


def sign_in(code: str, *, members: Members, wechat: WeChat, issuer: Issuer, now: datetime) -> SignedIn:
    """Sign in with wx.login's code; whoever comes for the first time becomes a member.

    Raises CodeInvalid, RiskBlocked, LoginTooFrequent, WeChatBusy.
    """
    session = wechat.code2session(code)
    member = member_of(session.openid, session.session_key, members=members, now=now)
    family_id = ids.new_id(now)
    refresh_token, token_hash = _new_refresh(family_id)
    members.start_family(family_id, member, token_hash, now + REFRESH_LIFE)
    return SignedIn(member, _access(member, family_id, issuer, now), refresh_token)


def member_of(
    openid: str, session_key: str, *, members: Members, now: datetime, nickname: str = ""
) -> Member:
    """The member with this WeChat identity, made when there is none; two first sign-ins at once make one member."""

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

    made = attempt(members.dynamodb, build)
    if made:
        return made
    member_id = members.id_of(openid) or ""
    return members.new_session_key(member_id, session_key, now) if session_key else members.find(member_id)


def refresh(refresh_token: str, *, members: Members, issuer: Issuer, now: datetime) -> SignedIn:
    """New tokens for a refresh token, which is then spent; showing a spent one ends the sign-in.

    Raises RefreshInvalid, RefreshReused. A client whose answer got lost signs in again with wx.login, silently.
    """
    family_id, _, _ = refresh_token.partition(".")
    if len(family_id) != ids.LENGTH:
        raise RefreshInvalid
    successor, successor_hash = _new_refresh(family_id)
    member_id = members.rotate(family_id, _hash(refresh_token), successor_hash, now, now + REFRESH_LIFE)
    member = members.find(member_id)
    return SignedIn(member, _access(member, family_id, issuer, now), successor)


def update_me(member_id: str, nickname: str, *, members: Members, wechat: WeChat) -> Member:
    """Change the nickname, once the platform's content check lets it pass. Raises NicknameRefused, UserAway."""
    member = members.find(member_id)
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
) -> Consent:
    """Agree to a purpose, or withdraw: from now on. ``also`` adds what rests on the answer to its transaction."""
    consent = Consent(purpose, granted, version, now)
    members.put_consent(member_id, consent, now, (lambda session: also(session, consent)) if also else None)
    return consent


def _access(member: Member, family_id: str, issuer: Issuer, now: datetime) -> str:
    return issuer.issue(member.id, member.roles, member.org, family_id, now)


def _new_refresh(family_id: str) -> tuple[str, str]:
    secret = base64.urlsafe_b64encode(os.urandom(_SECRET_BYTES)).decode().rstrip("=")
    token = f"{family_id}.{secret}"
    return token, _hash(token)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
