"""Pictures that were there before are found, however near the twins come to each other in time."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puhui.activities import verification
from puhui.activities.evidence import usecases as evidence
from puhui.activities.evidence.clusters import Clusters
from puhui.activities.evidence.fingerprints import LATE, REMEMBERED, Fingerprints, Match, _Prints
from puhui.activities.evidence.model import Picture
from puhui.activities.evidence.perceptual_hash import ALIKE_BITS, NEAR_BITS
from puhui.kernel.errors import DomainError, Unavailable
from puhui.store import aws
from puhui.store.client import DynamoDB
from puhui.wechat import errors
from tests.contracts.activities.conftest import NOW, Acts
from tests.unit.activities.test_pictures_and_risk import CASES, photo

FULL = 2**64 - 1


def picture(*prints: int) -> Picture:
    return Picture("image/jpeg", "", 1, 640, 480, "", prints, prints)


@pytest.fixture
def table(make_table: Callable[[str], str]) -> str:
    return make_table("activities")


def flipped(mark: int, bits: int, chance: random.Random) -> int:
    for place in chance.sample(range(64), bits):
        mark ^= 1 << place
    return mark


@settings(deadline=None)
@given(st.lists(st.integers(0, FULL), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_every_print_within_eight_bits_is_found_and_none_beyond(known: list[int], chance: random.Random):
    prints = _Prints()
    for number, mark in enumerate(known):
        prints.add({"entry": f"t#{number}", "prints": [f"{mark:016x}"]})
    wanted = flipped(chance.choice(known), chance.randrange(0, 14), chance)
    apart = [(wanted ^ mark).bit_count() for mark in known]
    nearest = min(min(bits, 64 - bits) for bits in apart)  # a negative is the same picture
    assert bool(prints.names_near(wanted, NEAR_BITS, 0)) == (nearest <= NEAR_BITS)


def test_a_new_process_and_one_that_has_read_before_find_the_same(table: str):
    dynamodb, chance = DynamoDB(), random.Random(1)
    long_lived, now = Fingerprints(dynamodb, table), NOW
    known: list[int] = []
    for number in range(60):
        now += timedelta(minutes=chance.choice((0, 1, 4, 11, 60 * 24 * 9)))
        bits = chance.randrange(0, 16)
        mark = flipped(chance.choice(known), bits, chance) if known and number % 2 else chance.getrandbits(64)
        nearest = min(((mark ^ other).bit_count() for other in known[-12:]), default=64)
        found = long_lived.match(picture(mark), f"E{number}", now)
        assert (
            Fingerprints(dynamodb, table).match(picture(mark), f"E{number}", now) == found
        )  # the step runs twice
        if nearest <= NEAR_BITS:
            assert found == Match.SIMILAR
        known.append(mark)


def test_a_print_between_the_two_limits_is_a_hint(table: str):
    photos = Fingerprints(DynamoDB(), table)
    assert photos.match(picture(0), "E1", NOW) == Match.NONE
    assert photos.match(picture(2 ** (NEAR_BITS + 1) - 1), "E2", NOW) == Match.ALIKE
    assert (
        photos.match(picture(FULL, 2 ** (ALIKE_BITS + 1) - 1), "E3", NOW) == Match.SIMILAR
    )  # its middle is E2's


def test_twins_at_one_moment_find_each_other_whoever_reads_first(table: str):
    one, other = Fingerprints(DynamoDB(), table), Fingerprints(DynamoDB(), table)
    one.match(picture(1), "far", NOW - timedelta(days=1))
    other.match(picture(FULL), "farther", NOW - timedelta(days=1))
    late = NOW + LATE  # the clock of the second runs ahead, of the first behind
    assert other.match(picture(FULL << 32 & FULL), "E1", late) == Match.NONE
    assert one.match(picture(FULL << 32 & FULL), "E2", NOW) == Match.SIMILAR
    assert other.match(picture(FULL << 32 & FULL), "E3", late) == Match.SIMILAR


def test_a_print_is_forgotten_after_half_a_year_and_carries_its_end(table: str):
    photos = Fingerprints(DynamoDB(), table)
    photos.match(picture(7), "E1", NOW)
    (item,) = DynamoDB().query(table, "#o = :o", {":o": "photos:2026-11"}, names={"#o": "owner"})[0]
    assert item["ends"] == int((NOW + REMEMBERED).timestamp())
    fresh = Fingerprints(DynamoDB(), table)
    assert fresh.match(picture(7), "E2", NOW + REMEMBERED + timedelta(days=1)) == Match.NONE


def test_a_photo_costs_two_write_units_and_a_process_that_has_read_one_query(table: str):
    sent: list[str] = []

    def count(service: str, operation: str, payload: dict[str, object]) -> dict[str, object]:
        sent.append(operation)
        return aws.call(service, operation, payload)

    photos = Fingerprints(DynamoDB(count), table)
    photos.match(picture(1), "E1", NOW)
    assert sent == ["UpdateItem", *["Query"] * 7]  # the months of half a year
    sent.clear()
    photos.claim("a" * 64, "E2", NOW + timedelta(minutes=1))
    photos.match(picture(2**40 - 1), "E2", NOW + timedelta(minutes=1))
    assert sent == ["UpdateItem", "UpdateItem", "Query"]
    sent.clear()
    photos.match(picture(3), "E3", NOW + timedelta(minutes=2))
    assert sent == ["UpdateItem", "Query", "BatchGetItem", "UpdateItem"]  # nearly the same: its cluster


def test_pictures_that_are_nearly_the_same_are_one_cluster_named_after_the_first(table: str):
    photos, clusters = Fingerprints(DynamoDB(), table), Clusters(DynamoDB(), table)
    photos.match(picture(1), "E1", NOW)
    photos.match(picture(2**40 - 1), "E2", NOW)
    photos.match(picture(3), "E3", NOW)
    photos.match(picture(0b1111), "E4", NOW)  # the last step may run twice
    photos.match(picture(0b1111), "E4", NOW)
    first = clusters.of(["E1"])
    assert [clusters.of([each]) for each in ("E3", "E4")] == [first, first]
    assert clusters.of(["E2", "E4"]) == first
    assert clusters.of(["E2"]) not in (first, "")
    assert clusters.of([]) == ""


def case(name: str) -> bytes:
    return (CASES / name).read_bytes()


def test_the_copies_of_the_field_are_flagged_and_blank_ones_are_too(acts: Acts):
    stranger = acts.of("0" * 26)
    assert acts.inspect(acts.photo(case("orient-base.jpg")))["signals"] == []
    for name in ("orient-6.jpg", "mirrored.jpg", "crop2pct.jpg"):
        assert stranger.inspect(stranger.photo(case(name)))["signals"] == ["PHOTO_SIMILAR"]
    for who in (acts, stranger):
        blank = case("blank-300.jpg") + who.member_id.encode()
        assert who.inspect(who.photo(blank))["signals"] == ["PHOTO_FLAT"]
    assert acts.inspect(acts.photo(case("1x1.jpg")))["signals"] == ["PHOTO_SMALL", "PHOTO_FLAT"]


def test_what_replaces_a_photo_between_the_steps_changes_nothing(acts: Acts):
    data, other = photo(1), photo(2)
    evidence_id = acts.photo(data)
    activity = acts.record("subway_trip", quantity={"trips": 1}, evidence=(evidence_id,))
    where = f"uploads/{acts.member_id}/{evidence_id}"
    seen = f"evidence/{acts.member_id}/{evidence_id}"
    first = acts.inspect(evidence_id)
    for step in (
        lambda: acts.inspect(evidence_id),
        lambda: verification.request_review(
            acts.member_id, activity.id, 60, [], "t", 60, activities=acts.tables.activities, now=NOW
        ),
        lambda: verification.credit_activity(acts.member_id, activity.id, tables=acts.tables, now=NOW),
    ):
        acts.shelf.files[where] = other
        step()
        assert acts.shelf.files[seen] == data
        assert acts.inspect(evidence_id) == first


def test_a_photo_that_is_replaced_before_it_is_looked_at_is_refused(acts: Acts):
    evidence_id = acts.photo(photo(1))
    acts.shelf.files[f"uploads/{acts.member_id}/{evidence_id}"] = photo(2)
    assert acts.inspect(evidence_id)["reason_code"] == "FILE_CHANGED"


@pytest.mark.parametrize("errcode", [61010, 40097, 40129, 43104, 45011, 48001, 44002, 47001, 43302, 99999])
def test_an_answer_of_the_platform_that_no_repetition_mends_leaves_the_photo_to_a_person(
    acts: Acts, errcode: int
):
    assert ended(acts, errors.of(errcode)) == ("", ["CONTENT_UNCHECKED"])


def test_the_platform_refuses_the_content_at_once(acts: Acts):
    assert ended(acts, errors.of(87014)) == ("CONTENT_RISKY", [])


@pytest.mark.parametrize("refusal", [errors.of(-1), errors.of(45009), Unavailable()])
def test_a_busy_platform_is_asked_again(acts: Acts, refusal: DomainError):
    with pytest.raises(type(refusal)):
        ended(acts, refusal)


@pytest.mark.parametrize("suggest", ["", "error", "unsure", "PASS"])
def test_only_a_pass_passes(suggest: str):
    assert evidence.content_check("pass", "E")["signals"] == []
    assert evidence.content_check(suggest, "E")["signals"] == ["CONTENT_UNCHECKED"]


def ended(acts: Acts, refusal: DomainError) -> tuple[str, list[str]]:
    """What the waiting task is told: the stream answers it once the check has both."""

    def ask() -> str:
        raise refusal

    activities = acts.tables.activities
    trace_id = evidence.request_content_check(ask, "token", "E", repository=activities.evidence)
    item = activities.evidence.add_to_check(trace_id, {"seen": True})
    assert item["task_token"] == "token"
    check = evidence.content_check(item["suggest"], item["evidence_id"])
    return check["reason_code"], check["signals"]
