"""Each context erases what it keeps of a member: once, whoever dies in between, and nobody else loses anything. On real tables."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer

from puhui.activities import erasing as activities_erasing
from puhui.activities import recording, verification
from puhui.activities.erasing import Outside
from puhui.activities.errors import ActivityNotFound
from puhui.activities.evidence import usecases as evidence
from puhui.activities.evidence.fingerprints import Fingerprints
from puhui.activities.evidence.model import Picture
from puhui.activities.households import usecases as households
from puhui.activities.tables import Activities, Tables
from puhui.journal import erasing as journal_erasing
from puhui.journal import model as journal_model
from puhui.journal.dynamo import Journal
from puhui.kernel import clock, ids
from puhui.ledger import erasing as ledger_erasing
from puhui.ledger.api import Entrustment, Ledger, Leg, Transfer, member, points
from puhui.ledger.audit import audit
from puhui.members import erasing as members_erasing
from puhui.members import usecases as members_usecases
from puhui.members.api import MemberNotFound, openid_of
from puhui.members.model import Consent, Member
from puhui.members.repository import Members
from puhui.points import erasing as points_erasing
from puhui.points.dynamo import Points
from puhui.points.model import Choice
from puhui.store.client import DynamoDB
from puhui.store.sealing import Sealer
from puhui.store.session import Session
from tests.contracts.privacy.conftest import until_done
from tests.support.ledger import post_transfer

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SEALER = Sealer(b"k" * 32, b"p" * 32)
ME, FRIEND = ids.new_id(NOW - timedelta(days=60)), ids.new_id(NOW - timedelta(days=90))
Make = Callable[[str], str]


def items(table: str) -> list[dict[str, Any]]:
    """Everything in a table."""
    decode = TypeDeserializer().deserialize
    found = boto3.client("dynamodb").scan(TableName=table)["Items"]
    return [{name: decode(value) for name, value in item.items()} for item in found]


# Members


@pytest.fixture
def members(make_table: Make) -> Members:
    made = Members(DynamoDB(), make_table("members"), SEALER)
    for member_id, openid in ((ME, "openid-me"), (FRIEND, "openid-friend")):
        session = Session(made.dynamodb)
        sealed = SEALER.seal(openid, member_id, "openid")
        made.add(session, Member(member_id, "小林", ("member",), NOW, sealed_openid=sealed), openid)
        session.commit()
    session = Session(made.dynamodb)
    made.friendships.add(session, ME, FRIEND, NOW)
    session.commit()
    session = Session(made.dynamodb)
    made.add_consent(session, ME, Consent("photos", granted=True, version="2026-11", at=NOW), NOW)
    session.commit()
    return made


def test_a_member_goes_and_the_consents_stay_for_three_years(members: Members):
    died = until_done(
        lambda db: members_erasing.erase_member(ME, NOW, members=Members(db, members.table, SEALER))
    )
    assert died >= 3
    mine = [each for each in items(members.table) if each["owner"] == f"member:{ME}"]
    assert {each["entry"][:2] for each in mine} == {"C#"}
    (kept,) = mine
    assert (kept["purpose"], kept["granted"], kept["version"]) == ("photos", True, "2026-11")
    assert (
        timedelta(days=1095) <= datetime.fromtimestamp(int(kept["ends"]), UTC) - NOW <= timedelta(days=1097)
    )
    assert members.id_of("openid-me") is None
    friend = members.dynamodb.get(members.table, {"owner": f"member:{FRIEND}", "entry": "member"})
    assert friend is not None
    assert friend["friends"] == 0
    assert not members.friendships.exists(FRIEND, ME)


def test_who_signs_in_again_is_somebody_new(members: Members):
    members_erasing.close(ME, members=members)
    again = members_usecases.member_of("openid-me", "key", members=members, now=NOW)
    assert again.id != ME
    members_erasing.erase_member(ME, NOW, members=members)  # the rest, later: the new one stays
    assert members.id_of("openid-me") == again.id
    assert members.find(again.id).id == again.id


def test_a_closed_account_is_not_brought_back_by_a_sign_in_that_began_before(members: Members):
    """The identity was read, then the account was closed, then the session key is written."""
    members_erasing.close(ME, members=members)
    with pytest.raises(MemberNotFound):
        members.new_session_key(ME, "key", NOW)
    assert members.find(ME).sealed_session_key == b""


def test_nobody_is_told_anything_any_more(members: Members):
    assert openid_of(ME, members=members) == "openid-me"
    members_erasing.close(ME, members=members)
    with pytest.raises(MemberNotFound):
        openid_of(ME, members=members)


# Ledger and points


@dataclass
class Books:
    """A member with points in many lots."""

    tables: dict[str, str] = field(default_factory=dict)

    def ledger(self, db: DynamoDB | None = None) -> Ledger:
        return Ledger(db or DynamoDB(), self.tables["ledger"])

    def points(self, db: DynamoDB | None = None) -> Points:
        return Points(db or DynamoDB(), self.tables["points"])


@pytest.fixture
def books(make_table: Make) -> Books:
    made = Books({"ledger": make_table("ledger"), "points": make_table("points")})
    for count in range(25):
        lot = f"20{27 + count // 12}-{count % 12 + 1:02}"
        asset = points("carbon-88")
        legs = (Leg("issuance:carbon-88", asset, -10), Leg(member(ME), asset, 10, lot))
        transfer = Transfer(ids.derived_id(NOW, "lot", str(count)), "credit", NOW, legs)
        post_transfer(transfer, ledger=made.ledger(), now=NOW)
    credits = (
        Leg("issuance:ant-forest", "CO2E:ant-forest:2026", -7),
        Leg(member(ME), "CO2E:ant-forest:2026", 7),
    )
    post_transfer(Transfer(ids.new_id(NOW), "credit", NOW, credits), ledger=made.ledger(), now=NOW)
    made.points().choose(Choice(ME, "carbon-88", "expire"), NOW)
    session = Session(made.ledger().dynamodb)
    made.ledger().put_entrustment(session, member(ME), Entrustment(granted=True, since=NOW, notice="1"))
    session.commit()
    return made


def test_points_end_once_and_the_books_add_up(books: Books):
    died = until_done(
        lambda db: points_erasing.erase_member(ME, NOW, points=books.points(db), ledger=books.ledger(db))
    )
    assert died >= 2
    balance = books.ledger().balance(member(ME), "carbon-88")
    assert balance.amounts["points"] == sum(balance.lots.values()) == 0
    ended = [each for each in books.ledger().statement(member(ME)) if each.kind == "expire"]
    assert sum(-leg.amount for each in ended for leg in each.legs if leg.account == member(ME)) == 250
    assert len({each.reference for each in ended}) == len(ended) == 25
    assert items(books.tables["points"]) == []
    assert audit(books.ledger()).sound


def test_credits_stay_and_may_not_be_sold(books: Books):
    until_done(lambda db: ledger_erasing.erase_member(ME, NOW, ledger=books.ledger(db)))
    balances, said = books.ledger().holdings(member(ME))
    assert said is None
    assert sum(each.credits_mg for each in balances) == 7


# Activities


@pytest.fixture
def tables(make_table: Make) -> Tables:
    db = DynamoDB()
    return Tables(Activities(db, make_table("activities")), Ledger(db, make_table("ledger")))


def act(tables: Tables, who: str, behaviour: str, quantity: dict[str, Any], hours: int, **more: Any) -> Any:
    at = NOW - timedelta(hours=hours)
    command = recording.RecordActivity(
        who,
        more.get("programme", "carbon-88"),
        behaviour,
        at,
        quantity,
        more.get("evidence", ()),
        None,
        f"{behaviour}{at}",
        None,
    )
    return recording.record_activity(command, tables=tables, now=NOW)


def photo(tables: Tables, who: str, data: bytes) -> str:
    """A picture that was announced and looked at; its id."""

    class Store:
        def upload(self, *_: object) -> dict[str, Any]:
            return {}

        def take(self, _evidence: object) -> Picture:
            sha = hashlib.sha256(data).hexdigest()
            return Picture("image/jpeg", sha, len(data), 800, 600, prints=(int(sha[:16], 16),), wanted=(1,))

    made, _, _ = evidence.prepare_evidence(
        who,
        "image/jpeg",
        len(data),
        hashlib.sha256(data).hexdigest(),
        key=None,
        body_hash="",
        repository=tables.activities.evidence,
        store=Store(),
        now=NOW,
    )
    evidence.inspect_evidence(
        who,
        made.id,
        repository=tables.activities.evidence,
        fingerprints=Fingerprints(tables.activities.dynamodb, tables.activities.table),
        store=Store(),
        now=NOW,
    )
    return str(made.id)


@pytest.mark.usefixtures("members_are_believed")
def test_acts_go_with_what_was_made_of_them(tables: Tables):
    stopped: list[str] = []
    prefixes: list[str] = []

    def delete_files(prefix: str) -> int:
        prefixes.append(prefix)
        return 0

    households.join(ME, FRIEND, households=tables.activities.households, now=NOW)
    cycled = act(tables, ME, "cycling", {"distance_m": 2_000}, 3)
    picture = photo(tables, ME, b"a picture of mine")
    waits = act(tables, ME, "subway_trip", {"trips": 1}, 6, evidence=(picture,))
    ball = act(tables, ME, "cycling", {"distance_m": 1_000}, 9, programme="ant-forest")
    theirs = photo(tables, FRIEND, b"a picture of theirs")
    kept = act(tables, FRIEND, "subway_trip", {"trips": 1}, 6, evidence=(theirs,))
    assert (cycled.status, waits.status, ball.status) == ("credited", "verifying", "maturing")
    table = tables.activities.table
    before = [each for each in items(table) if FRIEND in str(each) and ME not in str(each)]

    outside = Outside(delete_files, stopped.append)
    died = until_done(
        lambda db: activities_erasing.erase_member(
            ME,
            NOW,
            tables=Tables(Activities(db, table), Ledger(db, tables.ledger.table)),
            outside=outside,
        )
    )
    assert died >= 3
    after = items(table)
    mine = [each for each in after if ME in str(each) or picture in str(each)]
    assert {each["entry"] for each in mine} <= {"people"}  # of the household that goes on
    for each in mine:
        assert all(interval.get("last") for interval in each["people"][ME])
    assert not [each for each in after if hashlib.sha256(b"a picture of mine").hexdigest() in str(each)]
    assert [each for each in after if FRIEND in str(each) and ME not in str(each)] == before
    assert tables.activities.acts.find(FRIEND, kept.id) is not None
    assert waits.id in stopped
    assert {f"uploads/{ME}/", f"evidence/{ME}/"} <= set(prefixes)
    pending = [each for each in tables.ledger.holds(member(ME)) if each.state == "pending"]
    assert pending == []
    assert tables.ledger.balance(member(ME), "ant-forest").pending_mg == 0
    assert audit(tables.ledger).sound


@pytest.mark.usefixtures("members_are_believed")
def test_a_verification_that_still_runs_credits_nothing(tables: Tables):
    picture = photo(tables, ME, b"in time")
    waits = act(tables, ME, "subway_trip", {"trips": 1}, 6, evidence=(picture,))
    outside = Outside(lambda _: 0, lambda _: None)
    activities_erasing.erase_member(ME, NOW, tables=tables, outside=outside)
    with pytest.raises(ActivityNotFound):
        verification.credit_activity(ME, waits.id, tables=tables, now=NOW)
    assert tables.ledger.balance(member(ME), "carbon-88").points(NOW.date()) == 0


# Journal


def test_nobody_opens_an_entry_any_more(make_table: Make):
    journal, pepper = Journal(DynamoDB(), make_table("journal"), "log.example"), b"p" * 32
    stream = journal_model.pseudonym(pepper, member(ME))
    journal.open_stream(stream, b"k" * 32)
    journal.put_payloads(
        [journal_model.Payload(stream, ids.new_id(NOW), "transfer", (stream,), b"sealed") for _ in range(30)]
    )
    until_done(
        lambda db: journal_erasing.erase_member(
            ME, NOW, journal=Journal(db, journal.table, journal.origin), pepper=pepper
        )
    )
    assert list(journal.payload_ids(stream)) == []
    assert journal.streams([stream])[stream].key is None
    assert clock.to_text(NOW) in str(items(journal.table))
