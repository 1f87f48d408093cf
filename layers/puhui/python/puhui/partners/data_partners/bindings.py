"""How a partner's account becomes a member's: registered by the partner, bound by the member, ended by the member. Pure.

The partner names its customer (``subject``) in a signed call and gets an alias for it, ``member_ref``: an HMAC by a key of ours over
partner and subject. It sends its records under this alias. Each partner has aliases of its own, so two of them cannot join their data,
and neither learns who the member is. We do not keep the subject.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import clock, ids
from puhui.partners.data_partners.errors import AccountBoundElsewhere, BindingExists

CODE_LIFE = timedelta(minutes=10)
STATE_LIFE = timedelta(minutes=15)
WAIT = timedelta(days=7)  # so long records wait for their account to be bound
VERSION_LETTERS = 16  # of the hash of the terms that a member agrees to
_CODE_LETTERS = 10  # 50 bits, used once, within ten minutes, and guesses are counted


@dataclass(frozen=True)
class Code:
    """A one-time code by which a member binds the account. ``id``: a hash of it. ``state``: of the redirect that it belongs to."""

    id: str
    partner_id: str
    member_ref: str
    ends_at: datetime
    state: str = ""


@dataclass(frozen=True)
class Account:
    """A partner's account under its alias. ``member_id``: "" while it is bound to nobody. What happened before ``released_at`` belongs
    to whom it was bound to before, and to nobody else."""

    member_ref: str
    partner_id: str
    member_id: str = ""
    bound_at: datetime | None = None
    released_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True)
class Binding:
    """A member's side of it. ``code_id``: what bound it; ``terms``: the version of the partner's terms that the member saw."""

    member_id: str
    partner_id: str
    member_ref: str
    bound_at: datetime
    code_id: str
    terms: str


def purpose(partner_id: str) -> str:
    """What the consent to a partner's records is called."""
    return f"partner:{partner_id}"


def alias(key: bytes, partner_id: str, subject: str) -> str:
    """The partner's ``member_ref`` of its customer, always the same."""
    digest = hmac.digest(
        key, f"data partner's account\0{len(partner_id)}:{partner_id}{subject}".encode(), "sha256"
    )
    return ids.key_id(digest.hex())


def new_code(chance: bytes) -> str:
    """A code that people can type: ten letters and digits."""
    return "".join(ids.ALPHABET[byte & 31] for byte in chance[:_CODE_LETTERS])


def bind(account: Account, existing: Binding | None, wanted: Binding) -> tuple[Account, Binding]:
    """Account and binding as they are from now on; ``existing`` itself when the member is bound to this account.

    Raises AccountBoundElsewhere, BindingExists.
    """
    if account.member_id and account.member_id != wanted.member_id:
        raise AccountBoundElsewhere
    if existing:
        if existing.member_ref != account.member_ref:
            raise BindingExists
        return account, existing
    return replace(account, member_id=wanted.member_id, bound_at=wanted.bound_at), wanted


def release(account: Account, now: datetime) -> Account:
    """The account bound to nobody."""
    return replace(account, member_id="", bound_at=None, released_at=now)


def binding_body(binding: Binding) -> dict[str, Any]:
    """The contract's ``PartnerBinding``."""
    return {"partner_id": binding.partner_id, "bound_at": clock.to_text(binding.bound_at)}
