"""The partner stand-in on a port of its own, and what a test does on its control side."""

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from infra.local.partner.app import create_app
from tests.support.wechat_standin import serving


class PartnerStandin:
    """``url``: the friendly port's, below which /_partner is."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=f"{url}/_partner/_standin", trust_env=False)

    def control(self, action: str, **body: Any) -> dict[str, Any]:
        """POST to the control side; the answer must be a success."""
        answer = self.http.post(action, json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def behave(self, mode: str = "", **more: Any) -> None:
        """From now on."""
        self.control("behaviour", **({"mode": mode} if mode else {}), **more)

    def orders(self, partner: str = "") -> dict[str, dict[str, Any]]:
        """Everything that was ordered, by order id."""
        answer = self.http.get("orders", params={"partner": partner})
        return {order["order_id"]: order for order in answer.json()["orders"]}


@contextlib.contextmanager
def partner_standin() -> Iterator[PartnerStandin]:
    """A stand-in until the block ends."""
    app = Starlette(routes=[Mount("/_partner", create_app())])
    with serving(app) as port:
        standin = PartnerStandin(f"http://127.0.0.1:{port}")
        with contextlib.closing(standin.http):
            yield standin
