"""What a certified merchant changes itself, its description and its pictures: on real tables."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from puhui.kernel.errors import Forbidden
from puhui.merchants.errors import (
    DocumentMissing,
    DocumentNotFound,
    MerchantDecided,
    MerchantNotFound,
    NotAPicture,
)
from puhui.merchants.staff import usecases as staff
from puhui.merchants.staff.model import Branch
from puhui.wechat.api import ContentRisky
from tests.contracts.merchants.conftest import ANNA, BORA, CHEN, DANA, FENG, PHOTO, Town


@pytest.fixture
def papers(town: Town) -> list[str]:
    """A licence, and two pictures."""
    return [town.document(), *(town.document(data=PHOTO, kind="picture") for _ in range(2))]


@pytest.fixture
def merchant_id(town: Town, papers: list[str]) -> str:
    """A certified merchant of Anna's with these papers, whose pictures passed."""
    made = town.certified(body=town.body(papers))
    for trace in ("trace-1", "trace-2"):
        town.verdicts.remember(trace, "pass")
    return made


def shown(town: Town, merchant_id: str, who: str = FENG) -> list[str]:
    return [each["document_id"] for each in town.seen(merchant_id, who)["pictures"]]


def test_a_merchant_shows_another_description_and_other_pictures(
    town: Town, merchant_id: str, papers: list[str]
):
    _, _, second = papers
    cake = town.document(data=PHOTO, kind="picture")
    assert town.revise(merchant_id, cake, second).status == "certified"
    assert town.seen(merchant_id)["description"] == {"zh-CN": "还有蛋糕", "en": "And a cake"}
    assert shown(town, merchant_id) == [second], "the new one has not passed, the other keeps its verdict"
    town.verdicts.remember("trace-3", "pass")
    assert shown(town, merchant_id) == [cake, second]
    assert len(town.platform.asked) == 3
    seen = town.seen(merchant_id, ANNA)
    assert [each["id"] for each in seen["documents"]] == [papers[0], cake, second]
    assert (seen["legal_id"], seen["name"]["en"], seen["version"]) == (
        town.body([])["legal_id"],
        "Green Leaf Coffee",
        3,
    )
    assert [(each["what"], each["by"]) for each in seen["history"]] == [("certify", BORA), ("revise", ANNA)]
    assert town.files.unclaimed == set()
    assert town.counters(merchant_id) == (1, 1)
    town.revise(merchant_id)
    assert shown(town, merchant_id) == []
    assert [each["id"] for each in town.seen(merchant_id, ANNA)["documents"]] == papers[:1]


def test_owners_and_managers_of_all_branches_revise(town: Town, merchant_id: str, papers: list[str]):
    town.join(CHEN, town.invite(merchant_id, "manager"))
    cake = town.document(CHEN, data=PHOTO, kind="picture")
    town.revise(merchant_id, papers[1], cake, who=CHEN)
    town.revise(merchant_id, papers[1], cake, text="As before, says Anna")
    town.verdicts.remember("trace-3", "pass")
    assert shown(town, merchant_id) == [papers[1], cake]
    town.join(DANA, town.invite(merchant_id))
    with pytest.raises(Forbidden):
        town.revise(merchant_id, who=DANA)
    with pytest.raises(MerchantNotFound):
        town.revise(merchant_id, who=FENG)
    assert len(town.merchants.applications.history(merchant_id)) == 3


def test_a_manager_of_one_branch_does_not_revise(town: Town, merchant_id: str):
    name = {"zh-CN": "天河店", "en": "Tianhe"}
    branch = Branch("tianhe", merchant_id, name, "示范路 1 号", "CN-GD", open=True)
    staff.put_branch(branch, ANNA, deps=town.deps)
    town.join(CHEN, town.invite(merchant_id, "manager", "tianhe"))
    with pytest.raises(Forbidden):
        town.revise(merchant_id, who=CHEN)


def test_only_a_certified_merchant_is_revised(town: Town, merchant_id: str):
    cake = town.document(data=PHOTO, kind="picture")
    town.decide(merchant_id, "suspend", reason="COMPLAINTS", note="n")
    waiting = town.apply(CHEN)
    for each, who in ((merchant_id, ANNA), (waiting, CHEN)):
        with pytest.raises(MerchantDecided):
            town.revise(each, cake, who=who)
    assert f"documents/{ANNA}/{cake}" not in town.files.kept()
    assert len(town.platform.asked) == 2
    town.decide(merchant_id, "reinstate", CHEN, note="mended")
    assert town.revise(merchant_id, cake).status == "certified"


def test_new_pictures_are_pictures_and_ones_own_and_texts_are_fit(
    town: Town, merchant_id: str, papers: list[str]
):
    cake = town.document(data=PHOTO, kind="picture")
    with pytest.raises(DocumentNotFound):
        town.revise(merchant_id, cake, town.document(CHEN, data=PHOTO, kind="picture"))
    with pytest.raises(NotAPicture):
        town.revise(merchant_id, cake, papers[0])
    town.platform.risky = "cake"
    with pytest.raises(ContentRisky):
        town.revise(merchant_id, cake)
    assert f"documents/{ANNA}/{cake}" not in town.files.kept()
    town.platform.risky = ""
    with pytest.raises(DocumentMissing):
        town.revise(merchant_id, town.document(data=PHOTO, kind="picture", came=b""))
    assert shown(town, merchant_id) == papers[1:]
    assert len(town.merchants.applications.history(merchant_id)) == 1


def test_one_revision_sent_twice_or_at_once_is_one(town: Town, merchant_id: str):
    cake = town.document(data=PHOTO, kind="picture")
    town.files.is_down = True
    with pytest.raises(OSError):
        town.revise(merchant_id, cake)
    assert town.files.unclaimed == {f"documents/{ANNA}/{cake}"}
    town.files.is_down = False
    assert town.revise(merchant_id, cake).version == 3
    assert town.files.unclaimed == set()
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(town.revise, merchant_id, cake, text="Another") for _ in range(8)]
    assert {each.result().version for each in sent} == {4}
    assert [made.what for made in town.merchants.applications.history(merchant_id)] == [
        "certify",
        "revise",
        "revise",
    ]


def test_a_manager_who_is_removed_while_revising_does_not(
    town: Town, merchant_id: str, monkeypatch: pytest.MonkeyPatch
):
    town.join(CHEN, town.invite(merchant_id, "manager"))
    town.after_the_second_look(lambda: town.remove(merchant_id, ANNA, CHEN), monkeypatch)
    with pytest.raises(MerchantNotFound):
        town.revise(merchant_id, who=CHEN)
    assert len(town.merchants.applications.history(merchant_id)) == 1


def test_a_merchant_that_is_suspended_while_it_revises_does_not(
    town: Town, merchant_id: str, monkeypatch: pytest.MonkeyPatch
):
    def suspend() -> None:
        town.decide(merchant_id, "suspend", reason="COMPLAINTS", note="n")

    town.after_the_second_look(suspend, monkeypatch)
    with pytest.raises(MerchantDecided):
        town.revise(merchant_id)
    assert town.seen(merchant_id)["description"]["en"] == "Bring your cup"
