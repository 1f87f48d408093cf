"""Binding a member to a partner's account: the partner registers a code, the member uses it; and the end of it."""

import base64
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar
from urllib.parse import urlencode

from puhui.kernel.errors import DomainError
from puhui.kernel.pages import Page
from puhui.partners.data_partners import bindings
from puhui.partners.data_partners.bindings import Account, Binding, Code
from puhui.partners.data_partners.errors import (
    BindingCodeInvalid,
    BindingNotFound,
    BindingStateInvalid,
    RedirectUnknown,
)
from puhui.partners.data_partners.model import DataPartner
from puhui.partners.data_partners.repository import DataPartners, code_id
from puhui.partners.webhooks import model as webhooks
from puhui.partners.webhooks.repository import Webhooks
from puhui.store import secrets
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt


class Started(Protocol):
    """Who started a redirect, and when."""

    @property
    def member_id(self) -> str: ...
    @property
    def issued_at(self) -> datetime: ...


class States(Protocol):
    """What reads the state of a redirect (``members.api.Codes``)."""

    def read(self, purpose: str, code: str, now: datetime, /) -> Started: ...


Result = TypeVar("Result")
# Records the member's consent, or its end, in one transaction with what it is called with.
Consent = Callable[[Callable[[Session], None]], object]


@dataclass(frozen=True)
class Registered:
    """What a partner gets for its customer."""

    code: str = field(repr=False)
    member_ref: str
    ends_at: datetime


def alias_key() -> bytes:
    """The key of aliases: the pepper of the secret that DATA_SECRET names."""
    return base64.b64decode(secrets.read(os.environ["DATA_SECRET"])["pepper"])


def register(
    partner: DataPartner, subject: str, state: str, *, key: bytes, partners: DataPartners, now: datetime
) -> Registered:
    """A fresh code for the partner's customer, and the alias under which its records are sent."""
    member_ref = bindings.alias(key, partner.id, subject)
    code = bindings.new_code(os.urandom(16))
    made = Code(code_id(partner.id, code), partner.id, member_ref, now + bindings.CODE_LIFE, _hashed(state))

    def build(session: Session) -> None:
        account = partners.account(member_ref) or Account(member_ref, partner.id)
        partners.add_code(session, made, account)

    attempt(partners.dynamodb, build)
    return Registered(code, member_ref, made.ends_at)


def redirect_url(partner: DataPartner, state: str) -> str:
    """The partner's page on which the member allows the binding. Raises RedirectUnknown."""
    terms = partner.active_terms
    if not terms.authorize_url:
        raise RedirectUnknown
    joint = "&" if "?" in terms.authorize_url else "?"
    return f"{terms.authorize_url}{joint}{urlencode({'state': state, 'return_url': terms.return_url})}"


def require_own_state(partner_id: str, state: str, member_id: str, *, codes: States, now: datetime) -> None:
    """Raise BindingStateInvalid unless the member started the redirect with this state, for this partner, not long ago."""
    try:
        started = codes.read(bindings.purpose(partner_id), state, now)
    except DomainError:
        raise BindingStateInvalid from None
    if started.member_id != member_id or now - started.issued_at > bindings.STATE_LIFE:
        raise BindingStateInvalid


def bind(
    member_id: str,
    partner: DataPartner,
    code: str,
    state: str,
    *,
    consent: Consent,
    partners: DataPartners,
    now: datetime,
) -> tuple[Binding, bool]:
    """The member's binding to the account that the code is for, and whether it is new. The same code again, by the same member,
    gives the same. ``state``: of the redirect that the member came back from, checked to be the member's own; "" without one.

    Raises BindingCodeInvalid, BindingStateInvalid, AccountBoundElsewhere, BindingExists, DataPartnerSuspended.
    """
    _ = partner.active_terms
    wanted_id = code_id(partner.id, code.upper())
    existing = partners.binding(member_id, partner.id)
    if existing and existing.code_id == wanted_id:
        return existing, False

    def add(session: Session) -> tuple[Binding, bool]:
        found = partners.code(partner.id, code.upper())
        account = partners.account(found.member_ref) if found else None
        if found is None or account is None or found.ends_at <= now:
            raise BindingCodeInvalid
        if found.state != _hashed(state):
            raise BindingStateInvalid
        present = partners.binding(member_id, partner.id)
        wanted = Binding(member_id, partner.id, account.member_ref, now, wanted_id, partner.activated_hash)
        account, made = bindings.bind(account, present, wanted)
        partners.use_code(session, found)
        if made is present:
            return present, False
        partners.put_account(session, account)
        partners.add_binding(session, made)
        return made, True

    return _with_consent(consent, add)


def list_bindings(
    member_id: str, limit: int, cursor: str | None, *, partners: DataPartners, cursors: Cursors
) -> Page[Binding]:
    """A page of the member's bindings, by partner. Raises CursorInvalid."""
    scope = f"partner-bindings#{member_id}"
    after = cursors.read_id(scope, cursor) or ""
    found = [each for each in partners.bindings(member_id) if each.partner_id > after]
    last = found[limit - 1].partner_id if len(found) > limit else None
    return Page(found[:limit], cursors.write_id(scope, last))


def unbind(
    member_id: str, partner_id: str, *, consent: Consent, partners: DataPartners, now: datetime
) -> None:
    """End the binding: no record of the partner reaches the member from this moment on. Raises BindingNotFound."""

    def end(session: Session) -> None:
        binding = partners.binding(member_id, partner_id)
        if binding is None:
            raise BindingNotFound
        account = partners.account(binding.member_ref)
        if account and account.member_id == member_id:
            partners.put_account(session, bindings.release(account, now))
            told = {"member_ref": account.member_ref}
            Webhooks(partners.dynamodb, partners.table).add(
                session, webhooks.new_event(partner_id, webhooks.BINDING_REMOVED, told, now)
            )
        partners.remove_binding(session, binding)

    _with_consent(consent, end)


def _with_consent(consent: Consent, add: Callable[[Session], Result]) -> Result:
    """What ``add`` decides in the end: the consent's transaction may be built several times."""
    results: list[Result] = []
    consent(lambda session: results.append(add(session)))
    return results[-1]


def _hashed(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest() if state else ""
