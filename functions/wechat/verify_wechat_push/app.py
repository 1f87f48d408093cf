"""GET /wechat/messages: prove to WeChat that this address is ours."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.wechat import api as wechat

app = HttpFunction("verify-wechat-push")
RECEIVER = cache(wechat.push_receiver)


@app.operation("verify_wechat_push", "GET", "/wechat/messages")
def verify_wechat_push(request: Request) -> Answer:
    return 200, RECEIVER().echo(request.query, request.now)
