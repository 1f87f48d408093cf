"""Applying with documents, being certified or refused, handing in again: on real tables."""

import json
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest

from puhui.kernel.errors import Forbidden, IdempotencyKeyReused
from puhui.merchants.api import MerchantNotFound, require_active
from puhui.merchants.applications import applying, views
from puhui.merchants.errors import (
    ApplicationChanged,
    DeciderMayNotJoin,
    DocumentChanged,
    DocumentMissing,
    DocumentNotFound,
    LegalIdInvalid,
    LegalIdTaken,
    MerchantDecided,
    NotAPicture,
    OwnMerchant,
    ReasonRequired,
    TooManyApplications,
)
from puhui.programmes.api import ProgrammeNotFound
from puhui.store.client import Key
from puhui.store.values import Item
from puhui.wechat.api import ContentRisky
from tests.contracts.merchants.conftest import (
    ANNA,
    BORA,
    CHEN,
    CURSORS,
    DANA,
    FENG,
    NOW,
    PDF,
    PHOTO,
    PROGRAMME,
    Town,
    legal_id,
)


def listed(town: Town, status: str, programme_id: str = PROGRAMME) -> list[str]:
    found, cursor = [], None
    while True:
        page = views.of_status(programme_id, status, 2, cursor, merchants=town.merchants, cursors=CURSORS)
        found += [merchant.id for merchant in page.items]
        if (cursor := page.cursor) is None:
            return found


def test_an_application_waits_with_its_applicant_as_owner(town: Town):
    merchant_id = town.apply()
    assert town.status(merchant_id) == "applied"
    place = town.merchants.require_staff(merchant_id, ANNA, "owner")
    assert (place.merchant_id, place.branch_id, place.since) == (merchant_id, "", NOW)
    assert town.merchants.memberships_of(ANNA) == [place]
    assert listed(town, "applied") == [merchant_id]
    assert town.merchants.merchants_of_programme(PROGRAMME) == ([], None)


def test_the_contact_is_sealed_and_opens_for_those_who_may_read_the_papers(town: Town):
    merchant_id = town.apply()
    key = {"owner": f"merchant:{merchant_id}", "entry": "application"}
    item = town.merchants.dynamodb.get(town.merchants.table, key)
    assert item is not None
    assert b"13800000000" not in item["contact"]
    assert "13800000000" not in json.dumps({**item, "contact": ""}, default=str)
    contact = {"name": "陈小满", "phone": "13800000000"}
    assert town.seen(merchant_id, ANNA)["contact"] == contact
    assert town.seen(merchant_id, BORA, "authority_city")["contact"] == contact
    assert "contact" not in town.seen(merchant_id, BORA, "operator")


def test_the_same_key_and_body_name_one_application_and_another_body_is_refused(town: Town):
    body = town.body([town.document()])
    merchant_id = town.apply(body=body, key="k")
    assert town.apply(body=body, key="k") == merchant_id
    assert listed(town, "applied") == [merchant_id]
    with pytest.raises(IdempotencyKeyReused):
        town.apply(body={**body, "kind": "ngo"}, key="k")
    town.decide(merchant_id, "certify")
    assert town.apply(body=body, key="k") == merchant_id


def test_one_application_sent_eight_times_at_once_is_one(town: Town):
    body = town.body([town.document()])
    with ThreadPoolExecutor(8) as pool:
        found = {each.result() for each in [pool.submit(town.apply, ANNA, body, "k") for _ in range(8)]}
    assert len(found) == 1
    assert town.counters(found.pop()) == (1, 1)


def test_a_code_is_its_first_certified_merchants_and_nobody_keeps_it_by_applying(town: Town):
    squatter, rightful = town.apply(), town.apply(CHEN)
    town.decide(rightful, "certify")
    with pytest.raises(LegalIdTaken):
        town.decide(squatter, "certify")
    assert town.status(squatter) == "applied"
    town.decide(squatter, "refuse", reason="NOT_YOURS")
    town.decide(rightful, "suspend", reason="COMPLAINTS", note="n")
    late = town.apply(DANA)
    with pytest.raises(LegalIdTaken):
        town.decide(late, "certify")
    elsewhere = town.apply(DANA, programme_id="carbon-88")
    assert town.decide(elsewhere, "certify").what == "certify"


def test_of_three_with_one_code_that_are_certified_at_once_one_is(town: Town):
    waiting = [town.apply(who) for who in (ANNA, CHEN, DANA)]
    with ThreadPoolExecutor(3) as pool:
        tried = [pool.submit(town.decide, each, "certify") for each in waiting]
    refused = [each.exception() for each in tried if each.exception()]
    assert [type(error) for error in refused] == [LegalIdTaken, LegalIdTaken]
    assert len(listed(town, "certified")) == 1


def test_five_applications_of_one_member_wait_and_another_one_once_one_is_decided(town: Town):
    body = town.body([town.document()], legal_id=legal_id(5))
    first = town.apply(legal_id=legal_id(1))
    for number in range(2, 5):
        town.apply(legal_id=legal_id(number))
    fifth = town.apply(body=body, key="k")
    with pytest.raises(TooManyApplications):
        town.apply(legal_id=legal_id(6))
    assert town.apply(body=body, key="k") == fifth
    assert town.apply(CHEN)
    town.decide(first, "refuse", reason="PAPERS")
    sixth = town.apply(legal_id=legal_id(6))
    with pytest.raises(TooManyApplications):
        town.resubmit(first, town.body([town.document()]))
    town.decide(sixth, "certify")
    assert town.resubmit(first, town.body([town.document()])) == "applied"
    with pytest.raises(TooManyApplications):
        town.apply(legal_id=legal_id(7))


def test_of_eight_applications_at_once_five_wait(town: Town):
    bodies = [town.body([town.document()], legal_id=legal_id(number)) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        tried = [pool.submit(town.apply, ANNA, body) for body in bodies]
    refused = [each.exception() for each in tried if each.exception()]
    assert [type(error) for error in refused] == [TooManyApplications] * 3
    assert len(listed(town, "applied")) == 5


def test_documents_have_to_be_there_as_announced_and_ones_own(town: Town):
    with pytest.raises(DocumentNotFound):
        town.apply(body=town.body([town.document(CHEN)]))
    missing = town.document(came=b"")
    with pytest.raises(DocumentMissing) as refused:
        town.apply(body=town.body([town.document(), missing]))
    assert refused.value.details == {"document_id": missing}
    with pytest.raises(DocumentChanged):
        town.apply(body=town.body([town.document(came=PDF.replace(b"a", b"b"))]))
    assert listed(town, "applied") == []


def test_a_document_that_was_handed_in_stays_what_it_was(town: Town):
    document_id = town.document()
    merchant_id = town.apply(body=town.body([document_id]))
    town.files.files[f"uploads/{ANNA}/{document_id}"] = b"%PDF-1.7 another"
    (shown,) = town.seen(merchant_id, ANNA)["documents"]
    assert town.files.files[shown["url"].removeprefix("https://bucket.test/")] == PDF


def test_an_application_that_cannot_be_takes_no_documents(town: Town):
    for number in range(5):
        town.apply(legal_id=legal_id(number))
    kept = town.files.kept()
    with pytest.raises(TooManyApplications):
        town.apply(legal_id=legal_id(6))
    assert town.files.kept() == kept
    assert town.files.unclaimed == set()


def test_documents_of_an_application_that_failed_are_left_to_be_cleared(town: Town):
    bodies = [town.body([town.document()], legal_id=legal_id(number)) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        tried = [pool.submit(town.apply, ANNA, body) for body in bodies]
    named = {document["url"] for each in tried if not each.exception() for document in documents(town, each)}
    assert {f"https://bucket.test/{key}" for key in town.files.kept() - town.files.unclaimed} == named


def documents(town: Town, applied: Future[str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = town.seen(applied.result(), ANNA)["documents"]
    return found


def test_documents_that_could_not_be_claimed_are_when_the_application_is_sent_again(town: Town):
    body = town.body([town.document()])
    town.files.is_down = True
    with pytest.raises(OSError):
        town.apply(body=body, key="k")
    assert town.files.unclaimed == town.files.kept()
    town.files.is_down = False
    merchant_id = town.apply(body=body, key="k")
    assert town.files.unclaimed == set()
    town.decide(merchant_id, "refuse", reason="PAPERS")
    better = town.body([town.document()])
    town.files.is_down = True
    with pytest.raises(OSError):
        town.resubmit(merchant_id, better)
    town.files.is_down = False
    assert town.resubmit(merchant_id, better) == "applied"
    assert town.files.unclaimed == set()


def test_an_announced_document_ends_after_thirty_days_unless_an_application_names_it(town: Town):
    used, spare = town.document(), town.document()
    town.apply(body=town.body([used]))

    def ends(document_id: str) -> int | None:
        key = {"owner": f"member:{ANNA}", "entry": f"D#{document_id}"}
        item = town.merchants.dynamodb.get(town.merchants.table, key)
        assert item is not None
        return item.get("ends")

    assert (ends(used), ends(spare)) == (None, int((NOW + timedelta(days=30)).timestamp()))


def test_preparing_a_document_twice_by_one_key_is_one_and_another_body_is_refused(town: Town):
    assert town.document(key="k") == town.document(key="k")
    with pytest.raises(IdempotencyKeyReused):
        town.document(data=b"%PDF-1.7 other", key="k")


def test_a_picture_is_announced_as_an_image(town: Town):
    with pytest.raises(NotAPicture):
        town.document(data=PDF, kind="picture")
    assert town.document(data=PHOTO, kind="picture")


def test_texts_that_the_platform_refuses_are_not_handed_in(town: Town):
    town.platform.risky = "cup"
    with pytest.raises(ContentRisky):
        town.apply()
    assert listed(town, "applied") == []


def test_a_wrong_code_or_programme_is_refused(town: Town):
    with pytest.raises(LegalIdInvalid):
        town.apply(legal_id="91350100M000100Y44")
    with pytest.raises(ProgrammeNotFound):
        town.apply(programme_id="nowhere")


def test_the_authority_certifies_and_the_merchant_is_known(town: Town):
    merchant_id = town.apply()
    with pytest.raises(MerchantNotFound):
        town.seen(merchant_id)
    town.decide(merchant_id, "certify", note="all there")
    require_active(town.merchants.find_standing(merchant_id))
    assert town.seen(merchant_id)["status"] == "certified"
    assert "history" not in town.seen(merchant_id)
    (made,) = town.seen(merchant_id, ANNA)["history"]
    assert made == {"what": "certify", "by": BORA, "at": "2026-11-20T12:00:00+08:00", "note": "all there"}
    assert listed(town, "certified") == [merchant_id]
    assert town.merchants.merchants_of_programme(PROGRAMME) == ([merchant_id], None)


def test_whoever_applied_or_works_there_does_not_decide(town: Town):
    merchant_id = town.apply()
    with pytest.raises(OwnMerchant):
        town.decide(merchant_id, "certify", ANNA)
    town.join(CHEN, town.invite(merchant_id))
    with pytest.raises(OwnMerchant):
        town.decide(merchant_id, "certify", CHEN)
    assert town.status(merchant_id) == "applied"
    assert town.merchants.applications.history(merchant_id) == []


def test_two_officers_at_once_make_one_decision(town: Town):
    merchant_id = town.apply()

    def decide(by: str, what: str) -> str:
        try:
            return town.decide(merchant_id, what, by, reason="PAPERS").by
        except MerchantDecided:
            return ""

    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(decide, BORA, "certify"), pool.submit(decide, CHEN, "refuse")]
    winners = [each.result() for each in found if each.result()]
    assert len(winners) == 1
    assert [made.by for made in town.merchants.applications.history(merchant_id)] == winners
    assert town.status(merchant_id) == ("certified" if winners == [BORA] else "refused")


def test_an_officer_who_joins_while_deciding_either_joins_or_decides(town: Town):
    merchant_id = town.apply()
    code = town.invite(merchant_id)

    def tried(work: str) -> bool:
        try:
            town.join(CHEN, code) if work == "join" else town.decide(merchant_id, "certify", CHEN)
        except (OwnMerchant, DeciderMayNotJoin):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        joined, decided = [pool.submit(tried, work) for work in ("join", "decide")]
    assert joined.result() is not decided.result()
    assert (town.merchants.staff_of(merchant_id, CHEN) is not None) is joined.result()
    assert (town.status(merchant_id) == "certified") is decided.result()


def test_one_decision_sent_eight_times_at_once_is_one(town: Town):
    merchant_id = town.apply()
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(town.decide, merchant_id, "certify", key="k") for _ in range(8)]
    assert len({each.result().id for each in sent}) == 1
    assert len(town.merchants.applications.history(merchant_id)) == 1


def test_a_decision_repeated_late_by_its_key_is_answered_as_it_was_and_changes_nothing(town: Town):
    merchant_id = town.apply()
    first = town.decide(merchant_id, "certify", key="k")
    town.decide(merchant_id, "suspend", CHEN, reason="COMPLAINTS", note="n")
    assert town.decide(merchant_id, "certify", key="k") == first
    assert town.status(merchant_id) == "suspended"
    with pytest.raises(IdempotencyKeyReused):
        town.decide(merchant_id, "refuse", key="k", reason="PAPERS")


def test_the_same_person_again_without_a_key_is_one_and_somebody_else_is_late(town: Town):
    merchant_id = town.apply()
    assert town.decide(merchant_id, "certify") == town.decide(merchant_id, "certify")
    with pytest.raises(MerchantDecided):
        town.decide(merchant_id, "certify", CHEN)
    assert len(town.merchants.applications.history(merchant_id)) == 1


def test_a_refusal_says_why_and_its_owner_hands_in_again(town: Town):
    merchant_id = town.apply()
    with pytest.raises(ReasonRequired):
        town.decide(merchant_id, "refuse")
    town.decide(merchant_id, "refuse", reason="LICENCE_UNREADABLE", note="a better scan")
    better = town.body([town.document(data=b"%PDF-1.7 a better scan")], legal_id=legal_id(7))
    better["name"] = {"zh-CN": "绿叶", "en": "Green Leaf"}
    assert town.resubmit(merchant_id, better) == "applied"
    assert town.resubmit(merchant_id, better) == "applied"
    with pytest.raises(MerchantDecided):
        town.resubmit(merchant_id, {**better, "kind": "ngo"})
    assert [made.what for made in town.merchants.applications.history(merchant_id)] == ["refuse", "resubmit"]
    town.decide(merchant_id, "certify", CHEN)
    seen = town.seen(merchant_id, ANNA)
    assert (seen["name"]["en"], seen["legal_id"], seen["status"]) == ("Green Leaf", legal_id(7), "certified")
    with pytest.raises(LegalIdTaken):
        town.decide(town.apply(DANA, legal_id=legal_id(7)), "certify")
    assert town.decide(town.apply(DANA), "certify")  # the code of the first attempt is free


def test_papers_that_were_handed_in_anew_after_they_were_read_are_read_again_before_they_are_certified(
    town: Town,
):
    merchant_id = town.apply()
    read = town.seen(merchant_id, BORA, "authority_city")["version"]
    town.decide(merchant_id, "refuse", CHEN, reason="PAPERS", version=read)
    town.resubmit(merchant_id, town.body([town.document(data=b"%PDF-1.7 a worse scan")]))
    with pytest.raises(ApplicationChanged) as refused:
        town.decide(merchant_id, "certify", version=read)
    assert town.status(merchant_id) == "applied"
    again = town.seen(merchant_id, BORA, "authority_city")["version"]
    assert refused.value.details == {"version": again}
    page = views.of_status(PROGRAMME, "applied", 20, None, merchants=town.merchants, cursors=CURSORS)
    assert [views.application_summary(each)["version"] for each in page.items] == [again]
    first = town.decide(merchant_id, "certify", key="k", version=again)
    assert town.decide(merchant_id, "certify", key="k", version=again) == first
    assert town.decide(merchant_id, "certify", version=again) == first
    assert "version" not in town.seen(merchant_id)


def test_papers_that_are_read_while_they_are_handed_in_again_bear_their_own_version(
    town: Town, monkeypatch: pytest.MonkeyPatch
):
    merchant_id = town.apply()
    town.decide(merchant_id, "refuse", reason="PAPERS")
    better = town.body([town.document(data=b"%PDF-1.7 a better scan")], legal_id=legal_id(7))
    read = town.merchants.dynamodb.get_all

    def application_first(keys: Sequence[Key]) -> list[Item | None]:
        found = {key.key["entry"]: item for key, item in zip(keys, read(keys), strict=True)}
        monkeypatch.setattr(town.merchants.dynamodb, "get_all", read)
        town.resubmit(merchant_id, better)
        return [found["application"] if key.key["entry"] == "application" else read([key])[0] for key in keys]

    monkeypatch.setattr(town.merchants.dynamodb, "get_all", application_first)
    papers = town.seen(merchant_id, BORA, "authority_city")
    assert (papers["status"], papers["legal_id"]) == ("applied", legal_id())
    with pytest.raises(ApplicationChanged):
        town.decide(merchant_id, "certify", version=papers["version"])
    papers = town.seen(merchant_id, BORA, "authority_city")
    assert papers["legal_id"] == legal_id(7)
    assert town.decide(merchant_id, "certify", version=papers["version"])


def test_an_owner_who_is_removed_while_handing_in_again_does_not(town: Town, monkeypatch: pytest.MonkeyPatch):
    merchant_id = town.apply()
    town.join(CHEN, town.invite(merchant_id, "owner"))
    town.decide(merchant_id, "refuse", reason="PAPERS")
    body = town.body([town.document(CHEN)])
    town.after_the_second_look(lambda: town.remove(merchant_id, ANNA, CHEN), monkeypatch)
    with pytest.raises(MerchantNotFound):
        town.resubmit(merchant_id, body, CHEN)
    assert town.status(merchant_id) == "refused"


def test_only_its_owner_hands_in_again_and_only_after_a_refusal(town: Town):
    merchant_id = town.apply()
    with pytest.raises(MerchantNotFound):
        town.resubmit(merchant_id, town.body([town.document(FENG)]), FENG)
    town.join(CHEN, town.invite(merchant_id, "manager"))
    with pytest.raises(Forbidden):
        town.resubmit(merchant_id, town.body([town.document(CHEN)]), CHEN)
    town.decide(merchant_id, "certify")
    with pytest.raises(MerchantDecided):
        town.resubmit(merchant_id, town.body([town.document()]))


def test_a_picture_is_shown_to_others_once_it_passed(town: Town):
    picture = town.document(data=PHOTO, kind="picture")
    merchant_id = town.certified(body=town.body([town.document(), picture]))
    assert len(town.platform.asked) == 1
    assert town.seen(merchant_id)["pictures"] == []
    checks = [each.get("content_check") for each in town.seen(merchant_id, ANNA)["documents"]]
    assert checks == [None, "pending"]
    town.verdicts.remember("trace-1", "risky")
    assert town.seen(merchant_id)["pictures"] == []
    assert town.seen(merchant_id, ANNA)["documents"][1]["content_check"] == "risky"
    town.verdicts.remember("trace-1", "pass")
    url = f"https://bucket.test/documents/{ANNA}/{picture}"
    assert town.seen(merchant_id)["pictures"] == [{"document_id": picture, "url": url}]


def test_a_verdict_that_comes_before_the_application_is_written_counts(town: Town):
    town.verdicts.remember("trace-1", "pass")
    picture = town.document(data=PHOTO, kind="picture")
    merchant_id = town.certified(body=town.body([picture]))
    assert [each["document_id"] for each in town.seen(merchant_id)["pictures"]] == [picture]


def test_the_public_list_has_certified_ones_by_region(town: Town):
    everywhere = town.certified(legal_id=legal_id(1), regions=["CN"])
    local = town.certified(legal_id=legal_id(2), regions=["CN-GD", "CN-HI"])
    town.apply(legal_id=legal_id(3))
    suspended = town.certified(legal_id=legal_id(4))
    town.decide(suspended, "suspend", reason="COMPLAINTS", note="n")

    def found(region: str | None) -> set[str]:
        page = views.list_merchants(PROGRAMME, region, 20, None, merchants=town.merchants, cursors=CURSORS)
        return {merchant.id for merchant in page.items}

    assert found(None) == found("CN-GD") == {everywhere, local}
    assert found("CN-BJ") == {everywhere}
    merchants, _ = town.merchants.merchants_of_programme(PROGRAMME)
    assert set(merchants) == {everywhere, local, suspended}


def test_lists_have_pages(town: Town):
    made = {town.certified(legal_id=legal_id(number)) for number in range(5)}
    assert len(listed(town, "certified")) == 5
    assert set(listed(town, "certified")) == made
    found, start = [], None
    while True:
        page, start = town.merchants.merchants_of_programme(PROGRAMME, 2, start)
        found += page
        if start is None:
            break
    assert sorted(found) == sorted(made)


def test_a_merchant_that_was_certified_before_is_brought_in_once(town: Town):
    body = town.body([])

    def bring_in() -> str:
        return applying.import_merchant("M" * 26, ANNA, BORA, body, merchants=town.merchants, now=NOW).status

    assert bring_in() == bring_in() == "certified"
    assert [made.by for made in town.merchants.applications.history("M" * 26)] == [BORA]
    assert town.merchants.require_staff("M" * 26, ANNA, "owner")
    town.decide("M" * 26, "suspend", reason="COMPLAINTS", note="n")
    assert bring_in() == "suspended"
    with pytest.raises(LegalIdTaken):
        applying.import_merchant("L" * 26, CHEN, BORA, body, merchants=town.merchants, now=NOW)
    with pytest.raises(OwnMerchant):
        applying.import_merchant("N" * 26, ANNA, ANNA, body, merchants=town.merchants, now=NOW)
