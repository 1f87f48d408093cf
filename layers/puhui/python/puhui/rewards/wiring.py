"""The saga's dependencies, out of the environment."""

import os
from functools import cache

from puhui.ledger.api import Ledger
from puhui.partners.api import Partners, connect
from puhui.rewards.redemptions.saga import Dependencies
from puhui.rewards.repositories import Rewards
from puhui.store import secrets
from puhui.store.sealing import Sealer


def dependencies() -> Dependencies:
    """With REWARDS_TABLE, LEDGER_TABLE, PARTNERS_TABLE, DATA_SECRET, CALLBACK_BASE. What reads a secret or imports the HTTP
    library is made on first use."""
    return Dependencies(
        Rewards.from_environment(),
        Ledger.from_environment(),
        Partners.from_environment(),
        cache(connect),
        cache(sealer),
        os.environ.get("CALLBACK_BASE", ""),
    )


def sealer() -> Sealer:
    """Seals vouchers and delivery addresses. Needs DATA_SECRET."""
    return Sealer.from_secret(secrets.read(os.environ["DATA_SECRET"]))
