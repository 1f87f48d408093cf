"""The merchants' table: one repository for each aggregate, and what other contexts read."""

import os
from collections.abc import Sequence
from functools import cached_property

from puhui.merchants.applications.model import CERTIFIED, SUSPENDED, Standing
from puhui.merchants.applications.repository import RANKS, ApplicationRepository, standing_from
from puhui.merchants.documents.repository import DocumentRepository
from puhui.merchants.errors import MerchantNotFound
from puhui.merchants.repository import merchant_key
from puhui.merchants.staff.model import Branch, Staff
from puhui.merchants.staff.repository import StaffRepository, gone_key
from puhui.store import secrets
from puhui.store.client import DynamoDB, Key
from puhui.store.sealing import Sealer

PAGE = 100


class Merchants:
    """Merchants, their staff and documents. Functions build it once, use cases get it."""

    def __init__(self, dynamodb: DynamoDB, table: str, sealer: Sealer | None = None) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self._given = sealer

    @classmethod
    def from_environment(cls) -> "Merchants":
        """The table that MERCHANTS_TABLE names; the sealing keys are read from DATA_SECRET when first needed."""
        return cls(DynamoDB(), os.environ["MERCHANTS_TABLE"])

    @cached_property
    def sealer(self) -> Sealer:
        """What seals contacts."""
        return self._given or Sealer.from_secret(secrets.read(os.environ["DATA_SECRET"]))

    @cached_property
    def applications(self) -> ApplicationRepository:
        """Merchants, applications, decisions."""
        return ApplicationRepository(self.dynamodb, self.table)

    @cached_property
    def staff(self) -> StaffRepository:
        """Branches and staff."""
        return StaffRepository(self.dynamodb, self.table)

    @cached_property
    def documents(self) -> DocumentRepository:
        """Documents and pictures."""
        return DocumentRepository(self.dynamodb, self.table)

    # What other contexts read

    def find_standing(self, merchant_id: str) -> Standing:
        """A merchant's standing; one read. Raises MerchantNotFound."""
        item = self.dynamodb.get(*merchant_key(merchant_id, self.table))
        if item is None:
            raise MerchantNotFound
        return standing_from(item)

    def standings(self, merchant_ids: Sequence[str]) -> dict[str, Standing]:
        """The standings of up to 100 merchants, by id; one read."""
        if not merchant_ids:
            return {}
        items = self.dynamodb.get_all(
            [merchant_key(each, self.table) for each in dict.fromkeys(merchant_ids)]
        )
        found = [standing_from(item) for item in items if item]
        return {standing.id: standing for standing in found}

    def staff_of(self, merchant_id: str, member_id: str) -> Staff | None:
        """The member's place on the staff, or None; one read."""
        return self.staff.get(merchant_id, member_id)

    def require_staff(self, merchant_id: str, member_id: str, *roles: str) -> Staff:
        """The member's place on the staff, in one of these roles (none given: any); one read.

        Raises MerchantNotFound for a stranger, Forbidden for another role.
        """
        staff = self.staff.get(merchant_id, member_id)
        if staff is None:
            raise MerchantNotFound
        if roles:
            staff.require(*roles)
        return staff

    def branch(self, merchant_id: str, branch_id: str) -> Branch | None:
        """A branch, open or closed; one read."""
        return self.staff.branch(merchant_id, branch_id)

    def merchants_of_programme(
        self, programme_id: str, limit: int = PAGE, start: str | None = None
    ) -> tuple[list[str], str | None]:
        """A page of the ids of certified and suspended merchants, and where the next page begins."""
        return self.applications.ranked(programme_id, RANKS[CERTIFIED], RANKS[SUSPENDED], limit, start)

    def memberships_of(self, member_id: str) -> list[Staff]:
        """Every place that the member has on a staff."""
        return self.staff.all_memberships(member_id)

    def gone_key(self, merchant_id: str, member_id: str) -> Key:
        """The key of the item that exists once a member left the staff."""
        return gone_key(merchant_id, member_id, self.table)
