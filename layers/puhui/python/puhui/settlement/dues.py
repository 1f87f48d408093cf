"""What a settlement has claimed, read from the index of dues."""

from collections.abc import Iterator

from puhui.kernel.errors import Unavailable
from puhui.rewards.api import Payable, Rewards
from puhui.settlement.model import Statement, Tally

DUES_PER_PAGE = 500


def claimed_dues(statement: Statement, rewards: Rewards) -> Iterator[Payable]:
    """Every due of a statement, the oldest first, page by page. Raises Unavailable at the end while the index of dues, which
    follows its table by moments, shows others."""
    start, found = None, Tally()
    while True:
        page, start = rewards.payables.claimed(
            statement.settlement_id, statement.merchant_id, DUES_PER_PAGE, start
        )
        for due in page:
            found += Tally(1, due.pieces, due.pieces * due.fen)
            yield due
        if start is None:
            break
    if found != statement.tally:
        raise Unavailable
