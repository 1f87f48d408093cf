"""Branches and staff, and who may do what there. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import clock
from puhui.kernel.documents import Text
from puhui.kernel.errors import Forbidden

OWNER, MANAGER, CLERK = "owner", "manager", "clerk"
STAFF_MAX = BRANCHES_MAX = 200
INVITATION_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class Branch:
    """A place where a merchant honours rewards."""

    id: str
    merchant_id: str
    name: Text
    address: str
    region: str
    open: bool

    def body(self) -> dict[str, Any]:
        """The contract's ``Branch``."""
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

    def body(self) -> dict[str, Any]:
        """The contract's ``Staff``."""
        body = {"member_id": self.member_id, "merchant_id": self.merchant_id, "role": self.role}
        body |= {"branch_id": self.branch_id} if self.branch_id else {}
        return body | ({"since": clock.to_text(self.since)} if self.since else {})
