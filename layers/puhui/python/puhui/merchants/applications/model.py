"""A merchant, its application, and the decisions about it. Pure.

States of a merchant:

| state     | who moves it there                                  | operation                              | what is seen |
|-----------|-----------------------------------------------------|----------------------------------------|--------------|
| applied   | a member; its owner, after a refusal                | `apply_as_merchant`; `resubmit_merchant_application` | its staff, operators and the authority see it; others get 404 |
| certified | the authority; somebody else of it, after a suspension | `certify_merchant`; `reinstate_merchant` | everybody sees it; its rewards are offered |
| certified | its owner or a manager of all branches              | `revise_merchant`                      | new description and pictures |
| refused   | the authority, with a `reason_code`                 | `certify_merchant`                     | its staff see the reason; others get 404 |
| suspended | the authority, with a `reason_code`                 | `suspend_merchant`                     | everybody sees it; it honours nothing |

Nobody decides about a merchant that they applied for or ever worked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.kernel.documents import Text
from puhui.merchants.documents.model import Document
from puhui.merchants.errors import (
    ApplicationChanged,
    LegalIdInvalid,
    MerchantDecided,
    MerchantNotCertified,
    MerchantNotFound,
    MerchantSuspended,
    OwnMerchant,
    ReasonRequired,
    RegionNotCertified,
    SuspenderMayNotReinstate,
)
from puhui.merchants.staff.model import MANAGER, OWNER, Staff

APPLIED, CERTIFIED, REFUSED, SUSPENDED = "applied", "certified", "refused", "suspended"
KNOWN = frozenset({CERTIFIED, SUSPENDED})  # once certified, a merchant's regions never change
CERTIFY, REFUSE, SUSPEND, REINSTATE = "certify", "refuse", "suspend", "reinstate"
RESUBMIT, REVISE = "resubmit", "revise"  # by its own staff
AUTHORITY = frozenset({"authority_city", "authority_province"})
OPERATOR = "operator"
APPLICATIONS_MAX = 5  # undecided, of one member
FROM = {
    CERTIFY: APPLIED,
    REFUSE: APPLIED,
    RESUBMIT: REFUSED,
    REVISE: CERTIFIED,
    SUSPEND: CERTIFIED,
    REINSTATE: SUSPENDED,
}
TO = {
    CERTIFY: CERTIFIED,
    REFUSE: REFUSED,
    RESUBMIT: APPLIED,
    REVISE: CERTIFIED,
    SUSPEND: SUSPENDED,
    REINSTATE: CERTIFIED,
}

# GB 32100-2015: the 31 characters of a unified social credit code; the weight of the n-th is 3^n modulo 31.
LEGAL_ID_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Standing:
    """What other contexts need to know of a merchant. ``regions`` are ISO 3166-2; ``suspended_at``: only while it is suspended."""

    id: str
    programme_id: str
    name: Text
    kind: str
    status: str
    regions: tuple[str, ...]
    suspended_at: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """What somebody decided about a merchant, or what its own staff did: resubmit, revise."""

    id: str
    what: str
    by: str
    at: datetime
    reason_code: str = ""
    note: str = ""
    body_hash: str = ""

    def repeats(self, other: "Decision | None") -> bool:
        """Whether this is the same person's same decision again."""
        same = ("what", "by", "reason_code", "note", "body_hash")
        return other is not None and all(getattr(self, name) == getattr(other, name) for name in same)

    def body(self) -> dict[str, Any]:
        """The contract's ``MerchantDecision``."""
        body = {"what": self.what, "by": self.by, "at": clock.to_text(self.at)}
        more = {"reason_code": self.reason_code, "note": self.note}
        return body | {name: value for name, value in more.items() if value}


@dataclass(frozen=True)
class Merchant:
    """A merchant and its last decision. ``version`` counts its transitions; ``deciders`` are all who ever decided about it."""

    standing: Standing
    applied_by: str
    applied_at: datetime
    version: int = 1
    last: Decision | None = None
    deciders: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """The merchant's id."""
        return self.standing.id

    @property
    def status(self) -> str:
        """applied, certified, refused or suspended."""
        return self.standing.status

    @property
    def submitted_by(self) -> str:
        """Who submitted the present application: the applicant, or who resubmitted it."""
        return self.last.by if self.last and self.last.what == RESUBMIT else self.applied_by

    def known(self) -> bool:
        """Whether everybody may see it."""
        return self.status in KNOWN

    def after(self, decision: Decision, read: int | None = None) -> "Merchant":
        """The merchant after a decision; unchanged when the last decision was the same one by the same person. ``read``: the version
        that the decider read.

        Raises OwnMerchant (by the applicant), ReasonRequired, MerchantDecided, ApplicationChanged, SuspenderMayNotReinstate.
        """
        own = decision.what in (RESUBMIT, REVISE)
        if decision.by == self.applied_by and not own:
            raise OwnMerchant
        if decision.what == REFUSE and not decision.reason_code:
            raise ReasonRequired
        if decision.repeats(self.last):
            return self
        if self.status != FROM[decision.what]:
            raise MerchantDecided(status=self.status)
        if read not in (None, self.version):
            raise ApplicationChanged(version=self.version)
        if decision.what == REINSTATE and self.last is not None and self.last.by == decision.by:
            raise SuspenderMayNotReinstate
        deciders = self.deciders if own else self.deciders | {decision.by}
        suspended_at = decision.at if decision.what == SUSPEND else None
        standing = replace(self.standing, status=TO[decision.what], suspended_at=suspended_at)
        return replace(self, standing=standing, version=self.version + 1, last=decision, deciders=deciders)


@dataclass(frozen=True)
class Application:
    """What was submitted. ``contact`` is sealed; ``body_hash`` is a keyed digest, since the body holds the contact; ``version`` is
    the merchant's at that moment: deciders name it."""

    merchant_id: str
    legal_id: str
    description: Text
    contact: bytes = field(repr=False)
    documents: tuple[Document, ...]
    body_hash: str = ""
    version: int = 1


def require_active(standing: Standing, at: datetime | None = None) -> None:
    """Raise MerchantSuspended or MerchantNotCertified unless the merchant may honour rewards now, or did so at ``at``, before
    it was suspended."""
    if standing.status == SUSPENDED:
        if at and standing.suspended_at and at < standing.suspended_at:
            return
        raise MerchantSuspended
    if standing.status != CERTIFIED:
        raise MerchantNotCertified


def check_legal_id(legal_id: str) -> None:
    """Raise LegalIdInvalid unless the 18 characters end with the check character of GB 32100-2015."""
    try:
        values = [LEGAL_ID_CHARACTERS.index(character) for character in legal_id]
    except ValueError:
        raise LegalIdInvalid from None
    total = sum(value * pow(3, place, 31) for place, value in enumerate(values[:17]))
    if len(values) != 18 or values[17] != -total % 31:
        raise LegalIdInvalid


def sight(merchant: Merchant, staff: Staff | None, roles: frozenset[str]) -> str:
    """What somebody sees: ``papers`` (everything), ``inside`` (status, reasons, history) or ``outside``.

    Raises MerchantNotFound for a stranger while the merchant is not known.
    """
    if roles & AUTHORITY or (staff and staff.role in (OWNER, MANAGER)):
        return "papers"
    if staff or OPERATOR in roles:
        return "inside"
    if merchant.known():
        return "outside"
    raise MerchantNotFound


def in_region(standing: Standing, region: str | None) -> bool:
    """Whether the merchant serves a region (None: any): it names it, or a region that it lies in (CN for CN-GD)."""
    return region is None or any(region == each or region.startswith(f"{each}-") for each in standing.regions)


def require_region(standing: Standing, region: str) -> None:
    """Raise MerchantNotCertified before the certification, RegionNotCertified outside of the certified regions."""
    if standing.status not in KNOWN:
        raise MerchantNotCertified
    if not in_region(standing, region):
        raise RegionNotCertified(region=region)


def texts(body: Mapping[str, Any]) -> str:
    """All submitted texts that others will read, for the platform's check."""
    return "\n".join([*body.get("name", {}).values(), *body.get("description", {}).values()])
