"""Suspending and reinstating, branches, staff by invitation: on real tables."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from puhui.kernel.errors import DomainError, Forbidden
from puhui.members.api import InvitationExpired, InvitationInvalid
from puhui.merchants.api import (
    MerchantNotFound,
    MerchantSuspended,
    merchant_key,
    require_active,
    standing_from,
)
from puhui.merchants.applications.views import require_sight
from puhui.merchants.errors import (
    AlreadyOwner,
    BranchesFull,
    BranchNotFound,
    DeciderMayNotJoin,
    LastOwner,
    MerchantDecided,
    MerchantNotCertified,
    OwnMerchant,
    RegionNotCertified,
    StaffFull,
    SuspenderMayNotReinstate,
    TooManyApplications,
)
from puhui.merchants.staff import model
from puhui.merchants.staff import usecases as staff
from puhui.merchants.staff.model import Branch
from puhui.store.client import Key
from puhui.store.values import Item
from puhui.wechat.api import ContentRisky
from tests.contracts.merchants.conftest import (
    ANNA,
    BORA,
    CHEN,
    CODES,
    CURSORS,
    DANA,
    ERIK,
    FENG,
    NOW,
    Town,
    legal_id,
)

LATER = NOW + timedelta(minutes=1)


def branch(merchant_id: str, branch_id: str = "tianhe", region: str = "CN-GD", **more: bool) -> Branch:
    name = {"zh-CN": "天河店", "en": "Tianhe"}
    return Branch(branch_id, merchant_id, name, "示范路 1 号", region, more.get("open", True))


# Suspension


def test_a_suspended_merchant_honours_nothing_until_somebody_else_reinstates_it(town: Town):
    merchant_id = town.certified()
    town.decide(merchant_id, "suspend", reason="COMPLAINTS", note="three in a week")
    key = merchant_key(merchant_id, town.merchants.table)
    (item,) = town.merchants.dynamodb.get_all([key])
    assert item is not None
    with pytest.raises(MerchantSuspended):
        require_active(standing_from(item))
    assert town.seen(merchant_id)["status"] == "suspended"
    with pytest.raises(SuspenderMayNotReinstate):
        town.decide(merchant_id, "reinstate", note="mended")
    town.decide(merchant_id, "reinstate", CHEN, note="mended")
    require_active(town.merchants.find_standing(merchant_id))
    told = [(made.what, made.by) for made in town.merchants.applications.history(merchant_id)]
    assert told == [("certify", BORA), ("suspend", BORA), ("reinstate", CHEN)]


def test_only_a_certified_merchant_is_suspended_and_only_once(town: Town):
    merchant_id = town.apply()
    with pytest.raises(MerchantDecided):
        town.decide(merchant_id, "suspend", reason="COMPLAINTS", note="n")
    town.decide(merchant_id, "certify")

    def suspend(by: str) -> bool:
        try:
            town.decide(merchant_id, "suspend", by, reason="COMPLAINTS", note="n")
        except MerchantDecided:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(suspend, (BORA, CHEN))) == [False, True]
    with pytest.raises(MerchantNotFound):
        town.decide("N" * 26, "suspend", reason="COMPLAINTS", note="n")


# Branches


def test_a_branch_is_made_and_changed_by_those_who_manage_it(town: Town):
    merchant_id = town.certified()
    staff.put_branch(branch(merchant_id), ANNA, deps=town.deps)
    assert town.merchants.branch(merchant_id, "tianhe") == branch(merchant_id)
    town.join(CHEN, town.invite(merchant_id, "manager", "tianhe"))
    staff.put_branch(branch(merchant_id, open=False), CHEN, deps=town.deps)
    assert town.merchants.branch(merchant_id, "tianhe") == branch(merchant_id, open=False)
    with pytest.raises(Forbidden):
        staff.put_branch(branch(merchant_id, "yuexiu"), CHEN, deps=town.deps)
    town.join(DANA, town.invite(merchant_id))
    with pytest.raises(Forbidden):
        staff.put_branch(branch(merchant_id), DANA, deps=town.deps)
    with pytest.raises(MerchantNotFound):
        staff.put_branch(branch(merchant_id), FENG, deps=town.deps)
    town.platform.risky = "示范路"
    with pytest.raises(ContentRisky):
        staff.put_branch(branch(merchant_id, "yuexiu"), ANNA, deps=town.deps)
    assert town.merchants.branch(merchant_id, "yuexiu") is None


def test_a_branch_lies_in_a_region_that_was_certified(town: Town):
    merchant_id = town.apply(regions=["CN-GD-GZ"])
    with pytest.raises(MerchantNotCertified):
        staff.put_branch(branch(merchant_id, region="CN-GD-GZ"), ANNA, deps=town.deps)
    town.decide(merchant_id, "certify")
    for region in ("CN-GD-SZ", "CN-GD"):
        with pytest.raises(RegionNotCertified):
            staff.put_branch(branch(merchant_id, region=region), ANNA, deps=town.deps)
    assert town.merchants.branch(merchant_id, "tianhe") is None
    assert staff.put_branch(branch(merchant_id, region="CN-GD-GZ"), ANNA, deps=town.deps)
    with pytest.raises(MerchantNotFound):
        staff.put_branch(branch(merchant_id, region="CN-BJ"), FENG, deps=town.deps)


def test_a_merchant_has_room_for_so_many_branches_however_many_come_at_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
):
    merchant_id = town.certified()
    monkeypatch.setattr("puhui.merchants.staff.repository.BRANCHES_MAX", 2)

    def made(number: int) -> bool:
        try:
            staff.put_branch(branch(merchant_id, f"branch-{number}"), ANNA, deps=town.deps)
        except BranchesFull:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(made, range(4)))
    assert sorted(found) == [False, False, True, True]
    closed = branch(merchant_id, f"branch-{found.index(True)}", open=False)
    assert staff.put_branch(closed, ANNA, deps=town.deps) == closed
    assert town.merchants.branch(merchant_id, closed.id) == closed
    page = staff.branches_page(merchant_id, 9, None, merchants=town.merchants, cursors=CURSORS)
    assert len(page.items) == 2


def test_one_branch_sent_four_times_at_once_is_one(town: Town, monkeypatch: pytest.MonkeyPatch):
    merchant_id = town.certified()
    monkeypatch.setattr("puhui.merchants.staff.repository.BRANCHES_MAX", 1)
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(staff.put_branch, branch(merchant_id), ANNA, deps=town.deps) for _ in range(4)]
    assert [each.result() for each in sent] == [branch(merchant_id)] * 4
    with pytest.raises(BranchesFull):
        staff.put_branch(branch(merchant_id, "yuexiu"), ANNA, deps=town.deps)


def test_branches_are_listed(town: Town):
    merchant_id = town.certified()
    for number in range(3):
        staff.put_branch(branch(merchant_id, f"branch-{number}"), ANNA, deps=town.deps)
    page = staff.branches_page(merchant_id, 2, None, merchants=town.merchants, cursors=CURSORS)
    rest = staff.branches_page(merchant_id, 2, page.cursor, merchants=town.merchants, cursors=CURSORS)
    assert [each.id for each in (*page.items, *rest.items)] == ["branch-0", "branch-1", "branch-2"]


def test_a_merchants_branches_are_listed_for_whoever_may_see_it(town: Town):
    merchant_id = town.apply()

    def look(who: str, *roles: str) -> None:
        require_sight(merchant_id, who, frozenset(roles), merchants=town.merchants)

    look(ANNA)
    look(FENG, "operator")
    with pytest.raises(MerchantNotFound):
        look(FENG)
    town.decide(merchant_id, "certify")
    look(FENG)


# Staff


def test_a_code_brings_somebody_onto_the_staff_and_again_changes_nothing(town: Town):
    merchant_id = town.certified()
    staff.put_branch(branch(merchant_id), ANNA, deps=town.deps)
    code = town.invite(merchant_id, "clerk", "tianhe")
    place = town.join(CHEN, code)
    assert (place.role, place.branch_id, place.since) == ("clerk", "tianhe", NOW)
    assert town.join(CHEN, code, LATER) == place
    assert town.merchants.staff_of(merchant_id, CHEN) == place
    assert town.merchants.memberships_of(CHEN) == [place]
    assert town.counters(merchant_id) == (2, 1)


def test_a_later_code_changes_the_role_and_an_owner_stays_owner(town: Town):
    merchant_id = town.certified()
    town.join(CHEN, town.invite(merchant_id))
    assert town.join(CHEN, town.invite(merchant_id, "manager")).role == "manager"
    assert [each.role for each in town.merchants.memberships_of(CHEN)] == ["manager"]
    assert town.counters(merchant_id) == (2, 1)
    with pytest.raises(AlreadyOwner):
        town.join(ANNA, town.invite(merchant_id))


def test_codes_end_after_ten_minutes_and_none_can_be_changed(town: Town):
    merchant_id = town.certified()
    other = town.certified(legal_id=legal_id(1))
    code = town.invite(merchant_id)
    town.join(CHEN, code, NOW + timedelta(minutes=9, seconds=59))
    with pytest.raises(InvitationExpired):
        town.join(DANA, code, NOW + timedelta(minutes=10))
    for forged in (
        code.replace(".clerk.", ".manager."),
        code.replace(".clerk.", ".owner."),
        code.replace(merchant_id, other),
        code + "tianhe",
        code[1:],
        "",
        "...",
    ):
        with pytest.raises(InvitationInvalid):
            town.join(DANA, forged)
    assert town.merchants.memberships_of(DANA) == []


def test_who_may_invite(town: Town):
    merchant_id = town.certified()
    with pytest.raises(MerchantNotFound):
        town.invite(merchant_id, who=FENG)
    with pytest.raises(BranchNotFound):
        town.invite(merchant_id, "clerk", "nowhere")
    town.join(CHEN, town.invite(merchant_id, "manager"))
    town.join(DANA, town.invite(merchant_id, "clerk", who=CHEN))
    with pytest.raises(Forbidden):
        town.invite(merchant_id, "manager", who=CHEN)
    with pytest.raises(Forbidden):
        town.invite(merchant_id, who=DANA)


def test_the_codes_of_somebody_who_left_bring_in_nobody(town: Town):
    merchant_id = town.certified()
    town.join(CHEN, town.invite(merchant_id, "manager"))
    code = town.invite(merchant_id, "clerk", who=CHEN)
    town.remove(merchant_id, ANNA, CHEN)
    with pytest.raises(InvitationInvalid):
        town.join(DANA, code)


def test_whoever_was_removed_comes_back_by_a_new_code_only(town: Town):
    merchant_id = town.certified()
    code = town.invite(merchant_id)
    town.join(CHEN, code)
    town.remove(merchant_id, ANNA, CHEN, LATER)
    town.remove(merchant_id, ANNA, CHEN, LATER)
    assert town.merchants.staff_of(merchant_id, CHEN) is None
    assert town.merchants.memberships_of(CHEN) == []
    assert town.counters(merchant_id) == (1, 1)
    with pytest.raises(InvitationInvalid):
        town.join(CHEN, code, LATER)
    again = LATER + timedelta(seconds=1)
    assert town.join(CHEN, town.invite(merchant_id, now=again), again).role == "clerk"


@pytest.mark.parametrize("was_removed_before", [False, True])
def test_a_code_brings_nobody_back_who_is_removed_while_it_is_read(
    town: Town, monkeypatch: pytest.MonkeyPatch, was_removed_before: bool
):
    merchant_id, moment = town.certified(), LATER
    if was_removed_before:
        town.join(CHEN, town.invite(merchant_id))
        town.remove(merchant_id, ANNA, CHEN)
    code = town.invite(merchant_id, now=moment)
    read = town.merchants.dynamodb.get_all

    def read_then_removed(keys: Sequence[Key]) -> list[Item | None]:
        found = read(keys)
        monkeypatch.setattr(town.merchants.dynamodb, "get_all", read)
        town.join(CHEN, code, moment)
        town.remove(merchant_id, ANNA, CHEN, moment)
        return found

    monkeypatch.setattr(town.merchants.dynamodb, "get_all", read_then_removed)
    with pytest.raises(InvitationInvalid):
        town.join(CHEN, code, moment)
    assert town.merchants.staff_of(merchant_id, CHEN) is None
    assert town.counters(merchant_id) == (1, 1)


def test_owners_remove_others_everybody_removes_themselves_and_the_last_owner_stays(town: Town):
    merchant_id = town.certified()
    for who in (CHEN, DANA):
        town.join(who, town.invite(merchant_id, "manager"))
    with pytest.raises(Forbidden):
        town.remove(merchant_id, CHEN, DANA)
    with pytest.raises(MerchantNotFound):
        town.remove(merchant_id, FENG, DANA)
    town.remove(merchant_id, DANA, DANA)
    town.remove(merchant_id, ANNA, CHEN)
    with pytest.raises(LastOwner):
        town.remove(merchant_id, ANNA, ANNA)
    assert town.counters(merchant_id) == (1, 1)


def test_a_merchant_is_handed_over_to_another_owner(town: Town):
    merchant_id = town.certified()
    town.join(CHEN, town.invite(merchant_id, "manager"))
    place = town.join(CHEN, town.invite(merchant_id, "owner"))
    assert (place.role, town.counters(merchant_id)) == ("owner", (2, 2))
    assert town.join(CHEN, town.invite(merchant_id, "owner")) == place
    town.remove(merchant_id, ANNA, ANNA)
    assert town.merchants.staff_of(merchant_id, ANNA) is None
    assert town.counters(merchant_id) == (1, 1)
    with pytest.raises(LastOwner):
        town.remove(merchant_id, CHEN, CHEN)
    newcomer = town.invite(merchant_id, "owner", who=CHEN)
    assert town.join(DANA, newcomer).role == "owner"
    assert town.counters(merchant_id) == (2, 2)
    with pytest.raises(OwnMerchant):
        town.decide(merchant_id, "suspend", ANNA, reason="COMPLAINTS", note="n")


def test_of_two_owners_who_leave_at_once_one_stays(town: Town):
    merchant_id = town.certified()
    town.join(CHEN, town.invite(merchant_id, "owner"))

    def leaves(who: str) -> bool:
        try:
            town.remove(merchant_id, who, who)
        except LastOwner:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leaves, (ANNA, CHEN))) == [False, True]
    assert town.counters(merchant_id) == (1, 1)


def test_a_new_owner_hands_in_again_as_their_own_application(town: Town):
    merchant_id = town.apply()
    town.join(CHEN, town.invite(merchant_id, "owner"))
    town.decide(merchant_id, "refuse", reason="PAPERS")
    for number in range(1, 6):
        town.apply(legal_id=legal_id(number))
    assert town.resubmit(merchant_id, town.body([town.document(CHEN)]), CHEN) == "applied"
    town.decide(merchant_id, "certify")
    with pytest.raises(TooManyApplications):
        town.apply(legal_id=legal_id(6))


def test_one_removal_sent_eight_times_at_once_is_one(town: Town):
    merchant_id = town.certified()
    town.join(CHEN, town.invite(merchant_id))
    with ThreadPoolExecutor(8) as pool:
        for sent in [pool.submit(town.remove, merchant_id, ANNA, CHEN) for _ in range(8)]:
            sent.result()
    assert town.counters(merchant_id) == (1, 1)


def test_whoever_decided_about_a_merchant_does_not_join_it(town: Town):
    merchant_id = town.certified()
    code = town.invite(merchant_id)
    with pytest.raises(DeciderMayNotJoin):
        town.join(BORA, code)
    assert town.join(ERIK, code)


def test_whoever_left_a_merchant_decides_nothing_about_it(town: Town):
    merchant_id = town.apply()
    town.join(CHEN, town.invite(merchant_id))
    town.remove(merchant_id, CHEN, CHEN)
    with pytest.raises(OwnMerchant):
        town.decide(merchant_id, "certify", CHEN, now=NOW + timedelta(days=400))
    town.decide(merchant_id, "certify")
    town.decide(merchant_id, "suspend", reason="COMPLAINTS", note="n")
    with pytest.raises(OwnMerchant):
        town.decide(merchant_id, "reinstate", CHEN, note="mended")
    key = town.merchants.gone_key(merchant_id, CHEN)
    assert "ends" not in (town.merchants.dynamodb.get(*key) or {})


def test_a_staff_has_room_for_so_many_however_many_come_at_once(town: Town, monkeypatch: pytest.MonkeyPatch):
    merchant_id = town.certified()
    monkeypatch.setattr("puhui.merchants.staff.repository.STAFF_MAX", 3)
    code = town.invite(merchant_id)

    def come(who: str) -> bool:
        try:
            town.join(who, code)
        except StaffFull:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(come, (CHEN, DANA, ERIK, FENG))) == [False, False, True, True]
    assert town.counters(merchant_id) == (3, 1)


def test_the_staff_is_listed_with_names_for_those_who_manage(town: Town):
    merchant_id = town.certified()
    town.join(CHEN, town.invite(merchant_id))

    def page(who: str, limit: int = 20, cursor: str | None = None) -> list[tuple[str, str]]:
        found = staff.staff_page(
            merchant_id,
            who,
            limit,
            cursor,
            merchants=town.merchants,
            members=town.members,
            cursors=CURSORS,
        )
        return [(each["nickname"], each["role"]) for each in found.items]

    assert page(ANNA) == [("name of A", "owner"), ("name of C", "clerk")]
    with pytest.raises(Forbidden):
        page(CHEN)
    with pytest.raises(MerchantNotFound):
        page(FENG)


def test_somebody_finds_the_merchants_they_work_for(town: Town):
    first = town.certified(legal_id=legal_id(1))
    second = town.apply(legal_id=legal_id(2))
    page = staff.my_merchants(ANNA, 20, None, merchants=town.merchants, cursors=CURSORS)
    assert {(each["merchant"]["id"], each["merchant"]["status"], each["role"]) for each in page.items} == {
        (first, "certified", "owner"),
        (second, "applied", "owner"),
    }
    assert staff.my_merchants(FENG, 20, None, merchants=town.merchants, cursors=CURSORS).items == []


def test_a_smaller_role_is_forbidden_and_a_stranger_finds_nothing(town: Town):
    merchant_id = town.certified()
    town.join(CHEN, town.invite(merchant_id))
    assert town.merchants.require_staff(merchant_id, CHEN).role == "clerk"
    with pytest.raises(Forbidden):
        town.merchants.require_staff(merchant_id, CHEN, "owner", "manager")
    for who in (FENG, BORA):
        with pytest.raises(MerchantNotFound):
            town.merchants.require_staff(merchant_id, who, "clerk")


def test_a_code_is_for_its_purpose_only(town: Town):
    merchant_id = town.certified()
    friend = CODES.write("friend", ANNA, NOW)
    with pytest.raises(DomainError):
        town.join(CHEN, ".".join([friend, merchant_id, "clerk", ""]))
    assert model.STAFF_MAX == 200
