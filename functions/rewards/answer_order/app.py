"""POST /partner/orders/{order_id}/answer: a partner's later answer to an order, signed."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import saga
from puhui.rewards.wiring import desk

app = HttpFunction("answer-order")
DESK = desk()


@app.operation("answer_order", "POST", "/partner/orders/{order_id}/answer")
def answer_order(request: Request) -> Answer:
    order_id = request.path["order_id"]
    heard = saga.answer_order(order_id, request.headers, request.raw_body, desk=DESK, now=request.now)
    return saga.shown_order(heard)
