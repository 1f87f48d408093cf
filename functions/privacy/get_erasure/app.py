"""GET /me/erasure: did I ask to be erased, and until when can I take it back?"""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.privacy.errors import ErasureNotFound
from puhui.privacy.repository import Privacy

app = HttpFunction("get-erasure")
PRIVACY = Privacy.from_environment()


@app.operation("get_erasure", "GET", "/me/erasure")
def get_erasure(request: Request) -> Answer:
    erasure = PRIVACY.erasures.find(request.member_id)
    if erasure is None:
        raise ErasureNotFound
    return erasure.body()
