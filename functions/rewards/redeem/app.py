"""POST /redemptions: points for a reward."""

import json
import os
from functools import cache, partial

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.rewards.redemptions import queue, usecases
from puhui.rewards.redemptions.decision import Redeem
from puhui.rewards.redemptions.model import PROCESSING, QUEUED
from puhui.rewards.redemptions.views import redemption_body
from puhui.rewards.repositories import Rewards
from puhui.store import secrets
from puhui.store.sealing import Sealer

app = HttpFunction("redeem")
UNDER_WAY = (QUEUED, PROCESSING)
REWARDS, LEDGER = Rewards.from_environment(), Ledger.from_environment()


@cache
def sealer() -> Sealer:
    """Seals delivery addresses."""
    return Sealer.from_secret(secrets.read(os.environ["DATA_SECRET"]))


def seal(delivery: dict[str, str], redemption_id: str) -> bytes:
    return sealer().seal(json.dumps(delivery, ensure_ascii=False), redemption_id, "delivery")


@app.operation("redeem", "POST", "/redemptions")
def redeem(request: Request) -> Answer:
    body = request.body
    command = Redeem(
        member_id=request.member_id,
        reward_id=body["reward_id"],
        quantity=body["quantity"],
        key=request.idempotency_key,
        body_hash=request.body_hash,
        price_points=body.get("price_points"),
        **({"delivery": partial(seal, body["delivery"])} if "delivery" in body else {}),
    )
    made = usecases.redeem(command, rewards=REWARDS, ledger=LEDGER, now=request.now)
    status = 202 if made.status in UNDER_WAY else 201
    return status, redemption_body(made, queue.serving(made, rewards=REWARDS), now=request.now)
