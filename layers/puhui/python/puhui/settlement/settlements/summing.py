"""How a settlement is added up and hashed. Pure."""

import hashlib
from dataclasses import InitVar, dataclass, field, replace
from datetime import datetime

from puhui.kernel import clock, documents
from puhui.rewards.api import Payable
from puhui.settlement.settlements.model import COMPUTED, EMPTY, Settlement
from puhui.settlement.statements.model import Line, Tally


@dataclass
class Summing:
    """Adds up a settlement: its lines in the order of their keys, then their payables by merchant, the oldest first."""

    settlement: InitVar[Settlement]
    tally: Tally = field(default_factory=Tally)
    merchants: int = 0
    _last: str = ""
    _digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def __post_init__(self, settlement: Settlement) -> None:
        self._hash(settlement.id, settlement.programme_id, clock.to_text(settlement.until))

    def add(self, line: Line) -> None:
        """Add the next line."""
        self.tally += line.tally
        if line.merchant_id != self._last:
            self.merchants, self._last = self.merchants + 1, line.merchant_id
        self._hash(*line.key, line.payables, line.pieces, line.fen)

    def add_payable(self, payable: Payable) -> None:
        """Add the next payable of the lines."""
        self._hash(
            payable.merchant_id,
            payable.id,
            payable.reward_id,
            payable.budget_id,
            payable.fen,
            payable.pieces,
        )

    def _hash(self, *values: str | int) -> None:
        self._digest.update(documents.canonical(list(values)).encode() + b"\n")

    @property
    def hash(self) -> str:
        """SHA-256 over lines of canonical JSON: [settlement, programme, until], then [merchant, reward, budget, fen each, payables,
        pieces, fen] of each line, then [merchant, payable, reward, budget, fen each, pieces] of each payable."""
        return self._digest.hexdigest()


def computed(settlement: Settlement, summing: Summing, parts: Tally, now: datetime) -> Settlement:
    """The settlement with its sums. Raises ArithmeticError when its lines are not what its shards counted."""
    if summing.tally != parts:
        raise ArithmeticError("the lines of the settlement are not what its shards counted")
    return replace(
        settlement,
        status=COMPUTED if parts.payables else EMPTY,
        stopped=False,
        computed_at=now,
        hash=summing.hash,
        merchants=summing.merchants,
        payables=parts.payables,
        pieces=parts.pieces,
        fen=parts.fen,
    )
