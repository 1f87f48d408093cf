"""Merchants as values, and the rules of what may become of them. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import clock
from puhui.kernel.documents import Text
from puhui.kernel.errors import Forbidden
from puhui.merchants.errors import (
    ApplicationChanged,
    LegalIdInvalid,
    MerchantDecided,
    MerchantNotCertified,
    MerchantNotFound,
    MerchantSuspended,
    NotAPicture,
    OwnMerchant,
    ReasonRequired,
    RegionNotCertified,
    SuspenderMayNotReinstate,
)

APPLIED, CERTIFIED, REFUSED, SUSPENDED = "applied", "certified", "refused", "suspended"
KNOWN = frozenset({CERTIFIED, SUSPENDED})  # once certified, a merchant's regions never change
CERTIFY, REFUSE, SUSPEND, REINSTATE = "certify", "refuse", "suspend", "reinstate"
RESUBMIT, REVISE = "resubmit", "revise"  # what its own staff do
OWNER, MANAGER, CLERK = "owner", "manager", "clerk"
AUTHORITY = frozenset({"authority_city", "authority_province"})
OPERATOR = "operator"
PICTURE = "picture"
PASSED, PENDING = "pass", "pending"
STAFF_MAX = BRANCHES_MAX = 200
APPLICATIONS_MAX = 5  # that wait, of one member
INVITATION_LIFE = timedelta(minutes=10)
DOCUMENT_LIFE = timedelta(days=30)  # of what was announced, unless an application names it
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
    """What others need to know of a merchant: one small item. ``regions`` are ISO 3166-2; ``suspended_at``: while it is."""

    id: str
    programme_id: str
    name: Text
    kind: str
    status: str
    regions: tuple[str, ...]
    suspended_at: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """What somebody decided about a merchant, or what its own staff did: hand in again, revise."""

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

    def shown(self) -> dict[str, Any]:
        """The decision of the contract."""
        told = {"what": self.what, "by": self.by, "at": clock.to_text(self.at)}
        more = {"reason_code": self.reason_code, "note": self.note}
        return told | {name: value for name, value in more.items() if value}


@dataclass(frozen=True)
class Document:
    """A file that a member announced. ``trace_id``: under which the platform judges it, for a picture that was handed in."""

    id: str
    member_id: str
    kind: str
    content_type: str
    size: int
    sha256: str
    trace_id: str = ""

    def require_picture(self) -> None:
        """Raise NotAPicture unless it was announced as one and its type is an image's."""
        if self.kind != PICTURE or not self.content_type.startswith("image/"):
            raise NotAPicture(document_id=self.id)

    @property
    def upload_key(self) -> str:
        """Where the member uploads it: open to whoever has the form, and cleared after some days."""
        return f"uploads/{self.member_id}/{self.id}"

    @property
    def object_key(self) -> str:
        """Where it is kept once it was handed in: nobody outside can write there."""
        return f"documents/{self.member_id}/{self.id}"


@dataclass(frozen=True)
class Picture:
    """A member's picture that another context shows: where it is kept, under which name the platform judges it. Both are empty
    until it was handed in (``api.Pictures``)."""

    document_id: str
    object_key: str = ""
    trace_id: str = ""


@dataclass(frozen=True)
class PictureState:
    """``state``: pending, passed or refused; ``url``: where to fetch it for an hour, empty unless it passed."""

    state: str
    url: str = ""


@dataclass(frozen=True)
class Merchant:
    """A merchant and how it came to stand where it stands. ``version`` counts its transitions; ``deciders`` are all who
    ever decided about it."""

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
    def handed_in_by(self) -> str:
        """Who handed in what waits: whoever applied, or whoever handed in again."""
        return self.last.by if self.last and self.last.what == RESUBMIT else self.applied_by

    def known(self) -> bool:
        """Whether everybody may see it."""
        return self.status in KNOWN

    def after(self, decision: Decision, read: int | None = None) -> "Merchant":
        """The merchant after a decision; itself when the same person decided the same just now. ``read``: the version that
        whoever decides has read, where that matters.

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
        standing = replace(self.standing, status=TO[decision.what])
        return replace(self, standing=standing, version=self.version + 1, last=decision, deciders=deciders)


@dataclass(frozen=True)
class Application:
    """What was handed in. ``contact`` is sealed; ``body_hash`` is a keyed digest, since the body holds the contact; ``version``
    is the merchant's of that moment, by which whoever reads the papers names them."""

    merchant_id: str
    legal_id: str
    description: Text
    contact: bytes = field(repr=False)
    documents: tuple[Document, ...]
    body_hash: str = ""
    version: int = 1


@dataclass(frozen=True)
class Branch:
    """A place where a merchant honours rewards."""

    id: str
    merchant_id: str
    name: Text
    address: str
    region: str
    open: bool

    def shown(self) -> dict[str, Any]:
        """The branch of the contract."""
        return {
            "id": self.id,
            "name": dict(self.name),
            "address": self.address,
            "region": self.region,
            "open": self.open,
        }


@dataclass(frozen=True)
class Staff:
    """Somebody who works for a merchant; ``branch_id`` "" for all of its branches."""

    member_id: str
    merchant_id: str
    role: str
    branch_id: str = ""
    since: datetime | None = None

    def require(self, *roles: str) -> None:
        """Raise Forbidden unless the role is one of these."""
        if self.role not in roles:
            raise Forbidden

    def require_branch(self, branch_id: str) -> None:
        """Raise Forbidden unless this branch ("" for all) is within the place."""
        if self.branch_id not in ("", branch_id):
            raise Forbidden

    def may_invite(self, role: str, branch_id: str) -> bool:
        """Whether the staff may invite somebody to this role: owners invite everybody, other owners for all branches; managers
        invite clerks."""
        if self.role == MANAGER:
            return role == CLERK and self.branch_id in ("", branch_id)
        return self.role == OWNER and not (role == OWNER and branch_id)

    def same_place(self, other: "Staff") -> bool:
        """Whether both have the same role at the same branch."""
        return (self.role, self.branch_id) == (other.role, other.branch_id)

    def shown(self) -> dict[str, Any]:
        """The staff of the contract."""
        told = {"member_id": self.member_id, "merchant_id": self.merchant_id, "role": self.role}
        told |= {"branch_id": self.branch_id} if self.branch_id else {}
        return told | ({"since": clock.to_text(self.since)} if self.since else {})


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


SIGNATURES = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n", "application/pdf": b"%PDF-"}


def is_announced(document: Document, chunks: Iterable[bytes]) -> bool:
    """Whether a file is the one that was announced: type by its first bytes, size, SHA-256."""
    digest, size, head = hashlib.sha256(), 0, b""
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        head = head or chunk[:8]
    same_type = head.startswith(SIGNATURES[document.content_type])
    return same_type and (size, digest.hexdigest()) == (document.size, document.sha256)


def sight(merchant: Merchant, staff: Staff | None, roles: frozenset[str]) -> str:
    """What somebody sees: ``papers`` (all of it), ``inside`` (status, reasons, history) or ``outside``.

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
    """Raise MerchantNotCertified before any region was certified, RegionNotCertified for one that none of them holds."""
    if standing.status not in KNOWN:
        raise MerchantNotCertified
    if not in_region(standing, region):
        raise RegionNotCertified(region=region)


def texts(body: Mapping[str, Any]) -> str:
    """All texts that were handed in and that others will read, for the platform's check."""
    return "\n".join([*body.get("name", {}).values(), *body.get("description", {}).values()])
