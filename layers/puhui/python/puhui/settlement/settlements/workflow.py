"""Start the state machines that compute and post a settlement."""

from puhui.settlement.settlements.model import SHARDS, Settlement
from puhui.store import states


def start_computing(state_machine: str, settlement: Settlement) -> None:
    """Compute the settlement. One that runs or succeeded is not started again."""
    states.start_again(state_machine, settlement.id, states.shards(settlement.id, SHARDS))


def start_posting(state_machine: str, settlement: Settlement) -> None:
    """Post the settlement's present round. One that runs or succeeded is not started again."""
    states.start_again(state_machine, settlement.posting_name, states.shards(settlement.id, SHARDS))
