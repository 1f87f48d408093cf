"""Every stored shape of data partners and their bindings has a golden item."""

from datetime import UTC, datetime, timedelta

from puhui.partners.data_partners.bindings import Account, Binding, Code
from puhui.partners.data_partners.model import DataPartner, PublicKey, Suspension, Terms
from puhui.partners.data_partners.repository import ACCOUNT, BINDING, CODE, DATA_PARTNER
from tests.support.golden import check

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
KEY = PublicKey("thumbprint", "x-of-the-key", "01OPERATOR", AT, AT + timedelta(days=7))
TERMS = Terms(
    {"zh-CN": "地铁", "en": "Metro"},
    {"guangdong-tanpuhui": ("subway_trip", "bus_trip")},
    True,
    "https://metro.example/authorize",
    "https://mini.example/back",
    (KEY,),
)


def test_a_data_partner():
    value = DataPartner(
        "metro",
        TERMS,
        Terms(TERMS.name, {"beijing-maas": ("subway_trip",)}),
        ("01OPERATOR",),
        4,
        "hash-of-the-terms",
        "01OTHER",
        AT + timedelta(days=1),
        Suspension("01THIRD", AT + timedelta(days=2), "complaints"),
        3,
    )
    check("partners", "data_partner", DATA_PARTNER, value)


def test_a_binding_code():
    check("partners", "binding_code", CODE, Code("hash-of-it", "metro", "REF", AT, "hash-of-the-state"))


def test_an_account():
    value = Account("REF", "metro", "01MEMBER", AT, AT - timedelta(days=3), 2)
    check("partners", "partner_account", ACCOUNT, value)


def test_a_binding():
    value = Binding("01MEMBER", "metro", "REF", AT, "hash-of-the-code", "hash-of-the-terms")
    check("partners", "partner_binding", BINDING, value)
