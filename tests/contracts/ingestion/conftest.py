"""A partner whose terms hold, its keys, and a member bound to it, on real tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from puhui.activities.recording_api import Tables as ActivitiesTables
from puhui.activities.tables import Activities
from puhui.ingestion.model import Record, Result
from puhui.ingestion.records import take
from puhui.ingestion.repository import Ingestion
from puhui.ingestion.tables import Tables
from puhui.kernel import ids
from puhui.ledger.api import Balance, Ledger, member
from puhui.ledger.audit import audit
from puhui.partners.data_partners import binding, usecases
from puhui.partners.data_partners.api import DataPartner, DataPartners
from puhui.store.client import DynamoDB
from puhui.store.session import attempt

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SENT = NOW + timedelta(hours=2)
KEY = bytes(range(32))
METRO = {"guangdong-tanpuhui": ("subway_trip", "bus_trip"), "beijing-maas": ("subway_trip",)}


@dataclass
class Side:
    """What a test does on behalf of a partner and its member."""

    tables: Tables
    partner: DataPartner
    member_id: str
    member_ref: str

    def record(self, item_no: str = "trip-1", **more: Any) -> Record:
        made = Record(
            item_no,
            self.member_ref,
            "guangdong-tanpuhui",
            "subway_trip",
            {"trips": 1},
            NOW,
            NOW + timedelta(minutes=30),
        )
        return replace(made, **more)

    def take(self, *records: Record, source: str = "batch:1", now: datetime = SENT) -> list[Result]:
        return take(self.partner, records, source=source, tables=self.tables, now=now)

    def register(self, subject: str = "card-1", now: datetime = SENT, state: str = "") -> binding.Registered:
        return binding.register(self.partner, subject, state, key=KEY, partners=self.tables.partners, now=now)

    def bind(self, code: str, member_id: str = "", now: datetime = SENT) -> Any:
        return binding.bind(
            member_id or self.member_id,
            self.partner,
            code,
            "",
            consent=partial(attempt, self.tables.partners.dynamodb),
            partners=self.tables.partners,
            now=now,
        )

    def unbind(self, now: datetime = SENT) -> None:
        binding.unbind(
            self.member_id,
            self.partner.id,
            consent=partial(attempt, self.tables.partners.dynamodb),
            partners=self.tables.partners,
            now=now,
        )

    def balance(self, member_id: str = "", programme: str = "guangdong-tanpuhui") -> Balance:
        return self.tables.activities.ledger.balance(member(member_id or self.member_id), programme)

    def sound(self) -> bool:
        return audit(self.tables.activities.ledger).sound


def active_partner(
    partners: DataPartners, partner_id: str = "metro", programmes: Mapping[str, Any] = METRO, **more: Any
) -> DataPartner:
    body = {
        "name": {"zh-CN": "地铁", "en": "Metro"},
        "programmes": [
            {"programme_id": each, "behaviours": list(behaviours)} for each, behaviours in programmes.items()
        ],
        **more,
    }
    proposed, _ = usecases.put_data_partner(
        partner_id, usecases.wanted_terms(body), "operator-1", partners=partners
    )
    return usecases.activate(partner_id, "operator-2", proposed.hash, partners=partners, now=NOW)


@pytest.fixture
def side(make_table: Callable[[str], str]) -> Side:
    dynamodb = DynamoDB()
    tables = Tables(
        DataPartners(dynamodb, make_table("partners")),
        ActivitiesTables(
            Activities(dynamodb, make_table("activities")), Ledger(dynamodb, make_table("ledger"))
        ),
        Ingestion(dynamodb, make_table("ingestion")),
    )
    partner = active_partner(tables.partners)
    side = Side(tables, partner, ids.new_id(NOW - timedelta(days=60)), "")
    registered = side.register()
    side.member_ref = registered.member_ref
    side.bind(registered.code)
    return side
