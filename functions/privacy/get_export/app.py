"""GET /me/exports/{export_id}: how far is it?"""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.privacy.repository import Privacy

app = HttpFunction("get-export")
PRIVACY = Privacy.from_environment()


@app.operation("get_export", "GET", "/me/exports/{export_id}")
def get_export(request: Request) -> Answer:
    return PRIVACY.exports.find(request.member_id, request.path["export_id"]).body(request.now)
