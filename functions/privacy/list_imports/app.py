"""GET /me/imports: histories that came from elsewhere."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.privacy.repository import Privacy

app = HttpFunction("list-imports")
PRIVACY = Privacy.from_environment()


@app.operation("list_imports", "GET", "/me/imports")
def list_imports(request: Request) -> Answer:
    found = PRIVACY.imports.of(request.member_id)
    return {"items": [each.body() for each in found], "next_cursor": None}
