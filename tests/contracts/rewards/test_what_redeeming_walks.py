"""A redemption reads, decides and writes: its calls come into each file of the rewards once or twice."""

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from puhui.rewards.redemptions.decision import Redeem
from puhui.rewards.redemptions.usecases import redeem
from tests.contracts.rewards.conftest import NOW, Shop

ROOM = "/puhui/rewards/"


def visits(act: Callable[[], object]) -> Counter[str]:
    """How many times the calls of an act come into each file of the rewards from another one."""
    walked: list[str] = []

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        file = frame.f_code.co_filename
        if event == "call" and ROOM in file and walked[-1:] != [file]:
            walked.append(file)

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return Counter(each.partition(ROOM)[2] for each in walked)


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"delivery": "address"},
        {"kind": "coupon", "merchant": True},
        {"queue_lanes": 2},
        {"kind": "donation", "merchant": True},
    ],
    ids=["handed out", "sent", "coupon", "ticket", "donation"],
)
def test_redeeming_comes_into_each_file_once_or_twice(shop: Shop, terms: dict[str, Any]):
    merchant = {"merchant_id": shop.open_store().id} if terms.get("merchant") else {}
    shop.put(**{name: value for name, value in terms.items() if name != "merchant"}, **merchant)
    me = shop.member(5_000)
    shop.redeem(me, delivery=b"sealed")  # the process has met the reward
    command = Redeem(me, "cola", 1, None, "body", lambda _id: b"sealed")
    walked = visits(lambda: redeem(command, rewards=shop.rewards, ledger=shop.ledger, now=NOW))
    assert max(walked.values()) <= 2, walked
