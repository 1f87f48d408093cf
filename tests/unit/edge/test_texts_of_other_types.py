"""An answer that is text says which kind of text it is."""

import pytest

from puhui.edge.http import Text, _response


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("a receipt", "text/plain; charset=utf-8"),
        (Text.of("text/csv", "a,b\r\n"), "text/csv; charset=utf-8"),
        (Text.of("text/html", "<p>"), "text/html; charset=utf-8"),
    ],
)
def test_a_text_is_sent_as_what_it_is(body: str, kind: str):
    sent = _response(200, body, "request")
    assert (sent.body, sent.headers["Content-Type"]) == (body, kind)
