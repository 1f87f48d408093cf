"""POST /wechat/messages: take WeChat's pushes, of which content security's verdicts matter here."""

from functools import cache

from puhui.activities import api as activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.wechat import api as wechat

app = HttpFunction("receive-wechat-push")
ACTIVITIES = activities.Activities.from_environment()
KNOWN = wechat.PushLog.from_environment()
VERDICTS = wechat.Verdicts.from_environment()
RECEIVER = cache(wechat.push_receiver)


@app.operation("receive_wechat_push", "POST", "/wechat/messages")
def receive_wechat_push(request: Request) -> Answer:
    return 200, wechat.receive_push(
        request.query,
        request.raw_body,
        request.now,
        receiver=RECEIVER(),
        known=KNOWN,
        content_verdict=_remember,
    )


def _remember(verdict: wechat.ContentVerdict) -> None:
    """For whoever looks it up by the trace id, and for the verification that waits for it."""
    VERDICTS.remember(verdict.trace_id, verdict.word)
    activities.content_verdict(verdict.trace_id, verdict.word, repository=ACTIVITIES.evidence)
