"""An erased member leaves every staff; a business goes on with whoever is left, and where nobody is its papers go. On a real table."""

from puhui.merchants import erasing
from puhui.merchants.repositories import Merchants
from puhui.store.client import DynamoDB
from tests.contracts.merchants.conftest import ANNA, CHEN, DANA, NOW, Town
from tests.contracts.privacy.conftest import until_done


def erase(town: Town, who: str) -> int:
    def delete_files(prefix: str) -> int:
        gone = [key for key in town.files.files if key.startswith(prefix)]
        for key in gone:
            del town.files.files[key]
        return len(gone)

    return until_done(
        lambda db: erasing.erase_member(
            who,
            NOW,
            merchants=Merchants(db, town.merchants.table, town.merchants.sealer),
            delete_files=delete_files,
        )
    )


def mine(town: Town, who: str) -> list[str]:
    items, _ = DynamoDB().query(
        town.merchants.table, "#o = :o", {":o": f"member:{who}"}, names={"#o": "owner"}
    )
    return [item["entry"][:2] for item in items]


def test_a_business_goes_on_with_whoever_is_left(town: Town):
    shop = town.certified()
    town.join(CHEN, town.invite(shop, "owner"))
    town.join(DANA, town.invite(shop, "clerk"))
    spare = town.document(ANNA)
    assert erase(town, ANNA) >= 1
    assert town.counters(shop) == (2, 1)
    assert town.merchants.staff_of(shop, ANNA) is None
    assert mine(town, ANNA) == ["D#"]  # the licence that the merchant was certified by
    assert f"uploads/{ANNA}/{spare}" not in town.files.files
    assert town.files.kept()
    assert town.merchants.applications.find(shop)[1].contact != b""
    erase(town, DANA)
    assert town.counters(shop) == (1, 1)


def test_where_nobody_is_left_the_papers_go(town: Town):
    shop = town.certified()
    erase(town, ANNA)
    assert town.counters(shop) == (0, 0)
    assert town.status(shop) == "certified"
    assert town.merchants.applications.find(shop)[1].contact == b""
    assert (mine(town, ANNA), town.files.kept()) == ([], set())
