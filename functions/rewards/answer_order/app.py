"""POST /partner/orders/{order_id}/answer: a partner's later answer to an order, signed."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards.redemptions import saga
from puhui.rewards.wiring import dependencies

app = HttpFunction("answer-order")
DEPENDENCIES = dependencies()


@app.operation("answer_order", "POST", "/partner/orders/{order_id}/answer")
def answer_order(request: Request) -> Answer:
    order_id = request.path["order_id"]
    after = saga.answer_order(order_id, request.headers, request.raw_body, deps=DEPENDENCIES, now=request.now)
    return saga.order_body(after)
