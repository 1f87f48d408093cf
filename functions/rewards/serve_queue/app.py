"""Stream of the rewards' table: tickets of a queue, each in its turn."""

from datetime import datetime

from puhui.edge.stream import Change, stream
from puhui.ledger.api import Ledger
from puhui.rewards.redemptions import outbox
from puhui.rewards.repositories import Rewards

REWARDS, LEDGER = Rewards.from_environment(), Ledger.from_environment()


@stream("serve_queue")
def app(change: Change, now: datetime) -> None:
    outbox.serve(change.old, change.new, rewards=REWARDS, ledger=LEDGER, now=now)
