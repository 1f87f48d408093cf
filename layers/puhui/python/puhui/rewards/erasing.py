"""What becomes of an erased member's redemptions: what is still open is given back, and what says where and for whom goes.

What is kept: redemptions and coupons as the settlement with merchants and the report of a programme's points need them, under an id that
names nobody. The sealed address and voucher go, the requests' keys, the notices, the places in queues, the counts for limits.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from puhui.ledger.api import Ledger, member
from puhui.rewards.errors import NotCancellable
from puhui.rewards.redemptions import cancelling
from puhui.rewards.redemptions.model import QUEUED, Redemption
from puhui.rewards.repositories import Rewards
from puhui.store.erasing import erase_entries
from puhui.store.session import Session, attempt

GOES = ("N#", "Q#", "V#", "L#")  # notices, places, requests, limits: entries in ``repositories.py``


def erase_member(member_id: str, now: datetime, *, rewards: Rewards, ledger: Ledger) -> Mapping[str, int]:
    """Give back what waits, unseal nothing, forget where to. Again changes nothing."""
    given_back = stripped = 0
    for redemption in rewards.redemptions.all_of(member_id):
        if redemption.status == QUEUED or redemption.to_send:
            given_back += _give_back(redemption, rewards, ledger, now)
        stripped += _strip(member_id, redemption.id, rewards)
    items = sum(
        erase_entries(rewards.dynamodb, rewards.redemptions.table, ("owner", member(member_id)), prefix)
        for prefix in GOES
    )
    return {"given_back": given_back, "stripped": stripped, "items": items}


def _give_back(redemption: Redemption, rewards: Rewards, ledger: Ledger, now: datetime) -> int:
    try:
        cancelling.cancel(redemption.member_id, redemption.id, rewards=rewards, ledger=ledger, now=now)
    except NotCancellable:  # sent at this moment
        return 0
    return 1


def _strip(member_id: str, redemption_id: str, rewards: Rewards) -> int:
    def build(session: Session) -> int:
        current = rewards.redemptions.find(member_id, redemption_id)
        if not (current.delivery or current.voucher or current.body_hash):
            return 0
        rewards.redemptions.change(
            session, current, replace(current, delivery=b"", voucher=b"", body_hash="")
        )
        return 1

    return attempt(rewards.dynamodb, build)
