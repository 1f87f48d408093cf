"""The payables that a settlement has claimed, read from their index."""

from collections.abc import Iterator

from puhui.kernel.errors import Unavailable
from puhui.rewards.api import Payable, Rewards
from puhui.settlement.statements.model import Statement, Tally

PAYABLES_PER_PAGE = 500


def claimed_payables(statement: Statement, rewards: Rewards) -> Iterator[Payable]:
    """Every payable of a statement, the oldest first, page by page. Raises Unavailable at the end when the index lags behind the
    statement."""
    start, found = None, Tally()
    while True:
        page, start = rewards.payables.claimed(
            statement.settlement_id, statement.merchant_id, PAYABLES_PER_PAGE, start
        )
        for payable in page:
            found += Tally(1, payable.pieces, payable.pieces * payable.fen)
            yield payable
        if start is None:
            break
    if found != statement.tally:
        raise Unavailable
