"""POST /redemptions/{redemption_id}/cancellation: give a redemption back."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.rewards.redemptions.cancelling import cancel
from puhui.rewards.redemptions.views import redemption_body
from puhui.rewards.repositories import Rewards

app = HttpFunction("cancel-redemption")
REWARDS, LEDGER = Rewards.from_environment(), Ledger.from_environment()


@app.operation("cancel_redemption", "POST", "/redemptions/{redemption_id}/cancellation")
def cancel_redemption(request: Request) -> Answer:
    given_back = cancel(
        request.member_id, request.path["redemption_id"], rewards=REWARDS, ledger=LEDGER, now=request.now
    )
    return (202 if given_back.cancelling else 200), redemption_body(given_back, now=request.now)
