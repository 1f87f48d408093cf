"""GET /journal/revisions/{entry_id}: an entry and its proof for anybody; its opening for the member it is about.

Anyone may ask, so that API Gateway's authoriser does not stand before it: a token, if there is one, is checked here.
"""

import os
from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.journal import usecases, wiring
from puhui.kernel.errors import Unauthenticated
from puhui.members.tokens import TokenRefused, Verifier, bearer

app = HttpFunction("get-revision")
VERIFIER = Verifier(os.environ["JWKS"], os.environ["TOKEN_ISSUER"])
READER = cache(lambda: wiring.reader(with_pepper=True))


@app.operation("get_revision", "GET", "/journal/revisions/{entry_id}")
def get_revision(request: Request) -> Answer:
    return usecases.get_revision(request.path["entry_id"], _subject(request), READER())


def _subject(request: Request) -> str:
    """The account of the caller, or "". Raises Unauthenticated for a bad token."""
    given = request.headers.get("authorization", "")
    if not given:
        return ""
    try:
        return f"member:{VERIFIER.claims(bearer(given))['sub']}"
    except TokenRefused:
        raise Unauthenticated from None
