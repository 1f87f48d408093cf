"""A registry on real tables."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from puhui.kernel import clock
from puhui.partners import usecases
from puhui.partners.model import Partner
from puhui.partners.repository import Partners
from puhui.store.client import DynamoDB
from puhui.store.sealing import Sealer

NOW = clock.from_text("2026-11-21T12:00:00+08:00")


class Registry:
    """What a test does on behalf of operators."""

    def __init__(self, partners: Partners) -> None:
        self.partners = partners

    def put(self, partner_id: str = "cinema", **changes: Any) -> tuple[Partner, bool]:
        body = {
            "programme_id": "carbon-88",
            "name": {"zh-CN": "影院", "en": "Cinema"},
            "url": "https://cinema.example/puhui",
            "answer_within_seconds": 3600,
        }
        return usecases.put_partner(usecases.wanted_from(partner_id, body | changes), partners=self.partners)

    def add_secret(
        self, key: str | None = None, *, now: datetime = NOW, by: str = "operator-1", **more: Any
    ) -> str:
        partner_id = more.pop("partner_id", "cinema")
        return usecases.add_secret(partner_id, by=by, key=key, partners=self.partners, now=now, **more)

    def find(self, partner_id: str = "cinema") -> Partner:
        return usecases.find_partner(partner_id, partners=self.partners)


@pytest.fixture
def make_registry(
    make_table: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Registry]:
    monkeypatch.setenv("STAGE", "test")

    def make() -> Registry:
        sealer = Sealer(bytes(range(32)), b"pepper")
        return Registry(Partners(DynamoDB(), make_table("partners"), sealer))

    return make
