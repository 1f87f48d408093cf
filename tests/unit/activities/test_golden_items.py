"""Every stored shape of the activities' table, kept as a file: a swapped or renamed field is noticed."""

import base64
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from puhui.activities.acts.days import Day, Entry
from puhui.activities.acts.decisions import decision_in
from puhui.activities.acts.model import Activity, PartnerRecord
from puhui.activities.acts.repository import ACTIVITY, DAY
from puhui.activities.appeals.model import Appeal
from puhui.activities.appeals.repository import APPEAL
from puhui.activities.claims.model import Share, ShareDay
from puhui.activities.claims.repository import SHARE, SHARE_DAY
from puhui.activities.evidence.model import Evidence
from puhui.activities.evidence.repository import EVIDENCE
from puhui.activities.households.meters import HomeMeter, Meter, Reading
from puhui.activities.households.model import (
    HouseholdDay,
    Interval,
    People,
    ReportedDays,
    ReportedSpan,
    Residence,
    Residences,
)
from puhui.activities.households.repository import (
    HOME_METER,
    METER,
    PEOPLE,
    REPORTED_DAYS,
    RESIDENCES,
    Households,
)
from puhui.activities.memberships import MEMBERSHIP, Membership
from puhui.activities.reviews.model import Review, Vote
from puhui.activities.reviews.repository import REVIEW
from puhui.activities.reviews.statements import KEY, STATEMENT, Statement, VerifierKey
from puhui.activities.tracks.identity import Marks, Sketch
from puhui.activities.tracks.model import track_of
from puhui.activities.tracks.repository import Tracks, printed
from puhui.store.client import DynamoDB
from puhui.store.sealing import Sealer
from puhui.store.session import Session
from puhui.store.values import decode_item
from tests.support.golden import UNIT, Sent, check

AT = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
DAYS = [AT + timedelta(days=n) for n in range(8)]
DAY_OF_ACTS = Day(
    date(2026, 11, 30),
    (
        Entry(
            "01ACT1",
            "carbon-88",
            "cycling",
            29_408_001,
            29_408_011,
            123_456,
            1,
            2_000,
            12,
            "own",
            "self_declared",
            29_408_020,
        ),
        Entry("01ACT2", "ant-forest", "walking", -1, -1, 7_000, 1, 9_000, grade="steps"),
    ),
    6,
    "M1",
)
DAY_BEFORE_RULES = replace(
    DAY_OF_ACTS, entries=tuple(replace(entry, recorded=0) for entry in DAY_OF_ACTS.entries)
)
BEFORE_RULES = {"settles_at": None, "rules": (), "shadows": (), "device": "", "address": "", "voiding": {}}
GOLDEN = {
    "activity": (
        ACTIVITY,
        Activity(
            "01ACT",
            "M1",
            "carbon-88",
            "cycling",
            "maturing",
            DAYS[0],
            DAYS[1],
            {"distance_m": 2_000},
            123_456,
            45,
            {"reduction_mg": 123_457, "factors": ["f@1"]},
            "b0d7",
            "verifying",
            ("01EV1", "01EV2"),
            "01TRANSFER",
            "NOT_THE_ACT",
            "照片不清楚",
            DAYS[2],
            DAYS[3],
            11_000,
            12_000,
            "H1",
            True,
            DAYS[4],
            ("ACT_REPEATED",),
            True,
            {"id": "01COR", "from_mg": 1, "to_mg": 2},
            "photo",
            "metro",
            "batch:2026-11-20",
            {"id": "9c0d", "reading": 4_210_300},
            {"id": "6f1e", "distance_m": 3_004, "prints": ["0:ab", "1:cd"]},
            {"from_mg": 123_456, "points": 45},
            {"id": "01APPEAL", "state": "open"},
            DAYS[5],
            ("FIRST_DAYS@1",),
            ("STEPS_HOURLY@1",),
            "5e1f",
            "203.0.113.7",
            {"by": "M8", "reason_code": "ALREADY_COUNTED", "note": ""},
        ),
    ),
    "day": (DAY, DAY_OF_ACTS),
    "share": (SHARE, Share("01ACT", "M2", "ant-forest", "cycling", 40_000, 40, "01TRANSFER", AT, "M1")),
    "share_day": (SHARE_DAY, ShareDay("M1", "ant-forest", date(2026, 11, 30), 40_000, 3)),
    "evidence": (
        EVIDENCE,
        Evidence("01EV", "M1", "image/jpeg", 4_711, "ab12", AT, "b0d7", "01ACT"),
    ),
    "residences": (
        RESIDENCES,
        Residences("M1", (Residence("H1", "2026-01-01", "2026-02-02"), Residence("H2", "2026-02-03")), 2),
    ),
    "people": (
        PEOPLE,
        People("H1", {"M1": (Interval("2026-01-01", "2026-02-02"), Interval("2026-03-03"))}, 4),
    ),
    "reported_days": (
        REPORTED_DAYS,
        ReportedDays(
            "household:H1", "saving_electricity", (ReportedSpan("2026-11-01", "2026-11-30", "01ACT"),), 5
        ),
    ),
    "meter": (
        METER,
        Meter(
            "9c0d",
            "household_electricity",
            "H1",
            (Reading(4_210_300, "2026-11-30", "01ACT"),),
            (3_100, 2_900),
            2,
        ),
    ),
    "home_meter": (HOME_METER, HomeMeter("H1", "household_electricity", "9c0d", "2026-11-30", 3)),
    "membership": (
        MEMBERSHIP,
        Membership("carbon-88", DAYS[0], DAYS[1], "2026-11", "signed_in", "M1"),
    ),
    "review_statement": (
        STATEMENT,
        Statement("M9", "2026-12-01-a", '{"v":1}', "5e1f0a11c0ffee00", "c2lnbmF0dXJl", AT),
    ),
    "verifier_key": (KEY, VerifierKey("M9", "5e1f0a11c0ffee00", "a2V5", "M8", AT)),
    "appeal": (
        APPEAL,
        Appeal(
            "01APPEAL",
            "01ACT",
            "M1",
            "carbon-88",
            "cycling",
            "refused",
            "左侧有闸机",
            DAYS[0],
            DAYS[1],
            "NOT_THE_ACT",
            123_456,
            "CN",
            "metro",
            ("M9",),
            ("01EV",),
            "rejected",
            "ALREADY_COUNTED",
            "已计入",
            DAYS[2],
            (Vote("M8", "refuse", "ALREADY_COUNTED", "已计入", DAYS[2]),),
            2,
            3,
        ),
    ),
    "review": (
        REVIEW,
        Review(
            "01REVIEW",
            "01ACT",
            "M1",
            "carbon-88",
            "cycling",
            DAYS[0],
            DAYS[1],
            DAYS[2],
            60,
            ("PHOTO_SIMILAR",),
            ("01EV",),
            "decided",
            "refuse",
            "NOT_THE_ACT",
            "照片不清楚",
            "M9",
            DAYS[3],
            "task-token",
            {"distance_m": 2_000},
            DAYS[4],
            123_456,
            45,
            "reversal",
            "CN-GD",
            "metro",
            "8f14e45fceea167a",
            3,
            "M8",
            DAYS[5],
            ("M7",),
            (Vote("M9", "refuse", "NOT_THE_ACT", "照片不清楚", DAYS[3]),),
            "01OTHER",
            "approve",
            "5e1f0a11c0ffee00",
        ),
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_stored_item_is_read_into_the_whole_value_and_written_back(name: str):
    record, value = GOLDEN[name]
    check("activities", name, record, value)  # type: ignore[arg-type]


def test_a_day_of_the_first_shape_whose_entries_were_lists_by_position_is_read():
    stored = json.loads((UNIT / "activities/golden/day_by_position.json").read_text())
    assert DAY.read(decode_item(stored)) == DAY_BEFORE_RULES


def test_a_review_of_before_leases_is_read():
    stored = json.loads((UNIT / "activities/golden/review_without_lease.json").read_text())
    read = REVIEW.read(decode_item(stored))
    assert (read.state, read.kind, read.lease, read.votes, read.region) == (
        "decided",
        "verification",
        0,
        (),
        "",
    )


def test_a_day_of_the_second_shape_that_said_only_what_mere_word_showed_is_read():
    stored = json.loads((UNIT / "activities/golden/day_without_grades.json").read_text())
    assert DAY.read(decode_item(stored)) == DAY_BEFORE_RULES


LATER = {
    "grade": "photo",
    "partner_id": "",
    "brought_by": "",
    "track": {},
    "meter": {},
    "reversal": {},
    "appeal": {},
}


def test_an_act_of_the_first_shape_says_by_its_photos_what_showed_it():
    stored = json.loads((UNIT / "activities/golden/activity_without_grade.json").read_text())
    assert ACTIVITY.read(decode_item(stored)) == replace(GOLDEN["activity"][1], **LATER, **BEFORE_RULES)  # type: ignore[type-var]


def test_a_households_day_is_counters_by_programme_and_behaviour():
    stored = json.loads((UNIT / "activities/golden/household_day.json").read_text())
    read = Households(DynamoDB(), "t").read_day("H1", date(2026, 11, 30), decode_item(stored))
    used = {("carbon-88", "no_car"): (120_000, 1), ("ant-forest", "no_car"): (80_000, 2)}
    assert read == HouseholdDay("H1", date(2026, 11, 30), used, 3)


def test_a_partners_record_is_stored_under_itself_whoever_its_member_is():
    act = replace(GOLDEN["activity"][1], id=PartnerRecord("metro", "trip-1").activity_id)  # type: ignore[type-var]
    check("activities", "activity_of_record", ACTIVITY, act)  # type: ignore[arg-type]


def test_what_is_written_of_a_track_is_a_claim_a_sealed_item_that_ends_and_prints_that_end():
    """The points are sealed with a fresh nonce each time: only that they are is looked at."""
    sent = Sent()
    tracks = Tracks(sent.dynamodb, "t", lambda: Sealer(b"k" * 32, b"p" * 32))
    marks = Marks("6f1e", Sketch((3, 2**64 - 1), (0, 40)), ("0:ab", "1:cd"))
    tracks.dynamodb.put_all("t", [printed(marks, each, "01ACT", AT) for each in marks.buckets])
    session = Session(sent.dynamodb)
    track = track_of({"datum": "gcj02", "polyline": "_p~iF~ps|U_ulLnnqC", "precision": 5, "seconds": [0, 5]})
    tracks.add(session, track, marks, member_id="M1", activity_id="01ACT", now=AT)
    session.commit()
    sealed = sent.calls[1]["TransactWriteItems"]["TransactItems"][1]["Put"]["Item"].pop("sealed")
    assert tracks.sealer.open(base64.b64decode(sealed["B"]), "M1", "track:01ACT")
    sent.check("activities", "track")


def test_an_act_that_waits_is_in_the_index_and_one_that_is_over_is_not():
    act = GOLDEN["activity"][1]
    assert {"check_shard", "next_check_at"} <= ACTIVITY.item(act).keys()  # type: ignore[arg-type]
    over = ACTIVITY.item(replace(act, status="credited"))  # type: ignore[type-var]
    assert not {"check_shard", "next_check_at"} & over.keys()


def test_an_appeal_that_has_ended_and_a_reversal_are_decisions_of_their_own():
    act = replace(GOLDEN["activity"][1], status="credited", first_status="verifying", reversal={}, appeal={})  # type: ignore[type-var]
    told = [
        act,
        replace(act, appeal={"id": "A1", "state": "open"}),
        replace(act, appeal={"id": "A1", "state": "accepted", "decided_at": "2026-12-01"}),
        replace(act, status="reversed", first_status="credited", reversal={"transfer_id": "T1"}),
    ]
    found = [decision_in(ACTIVITY.item(each)) for each in told]
    assert [each.after if each else None for each in found] == ["", "", "A1-2026-12-01", "T1"]
    plain = replace(act, first_status="credited")
    assert decision_in(ACTIVITY.item(plain)) is None
