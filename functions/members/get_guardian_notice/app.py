"""GET /guardian-notice: what a guardian agrees to."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.notice import guardian_notice

app = HttpFunction("get-guardian-notice")


@app.operation("get_guardian_notice", "GET", "/guardian-notice")
def get_guardian_notice(_request: Request) -> Answer:
    return guardian_notice()
