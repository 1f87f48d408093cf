"""The whole local cloud for tests: started once a session on free ports with a state of its own.

    PUHUI_TEST_URL=http://127.0.0.1:8080 .venv/bin/pytest -m local_cloud tests/scenarios

takes one that runs already (`make run`), so that nothing is built or deployed.
"""

import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from boto3.dynamodb.types import TypeDeserializer
from rich.console import Console

from infra.local import demo, emulator
from infra.local.cloud import LocalCloud
from infra.local.emulator import free_port
from infra.local.settings import STACK, Settings
from infra.testing import CLOUD_FOLDERS

WAIT_SECONDS = 240  # for what state machines bring about on a busy machine: costs nothing while all is well


class CloudUnderTest:
    """``url`` is the friendly port; ``stack`` names the deployment."""

    stack = STACK

    def __init__(self, url: str) -> None:
        self.url = url
        health = httpx.get(f"{url}/health", trust_env=False).raise_for_status().json()
        self.endpoint: str = health["emulator"]
        self._tokens: dict[str, str] = {}

    def token(self, openid: str) -> str:
        """An access token of somebody, who signs in when asked for the first time: WeChat allows 100 logins a minute."""
        if openid in self._tokens:
            return self._tokens[openid]
        with httpx.Client(base_url=self.url, timeout=30) as api:
            code = demo.control(api, "login-codes", openid=openid)["code"]
            answer = api.post("/v1/sessions", json={"code": code})
        token: str = answer.raise_for_status().json()["access_token"]
        self._tokens[openid] = token
        return token

    def aws(self, service: str) -> Any:
        """A client of the emulator with the administrator's credentials."""
        return emulator.client(self.endpoint, service)

    def items(self, context: str) -> list[dict[str, Any]]:
        """Everything in a context's table, to see that nothing was stored."""
        pages = self.aws("dynamodb").get_paginator("scan").paginate(TableName=f"{self.stack}-{context}")
        decode = TypeDeserializer().deserialize
        return [
            {name: decode(value) for name, value in item.items()} for page in pages for item in page["Items"]
        ]


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudUnderTest]:
    """The deployed template, with the demo people and rewards."""
    demo.VERIFICATION_SECONDS = WAIT_SECONDS
    if running := os.environ.get("PUHUI_TEST_URL"):
        yield CloudUnderTest(running)
        return
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.fail("Tests side by side share one local cloud: `make run`, then PUHUI_TEST_URL=http://... .")
    settings = Settings(free_port(), tmp_path_factory.mktemp("cloud"))
    with LocalCloud(settings, Console(quiet=True)):
        yield CloudUnderTest(settings.url)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for the local cloud is marked so, directly or through another fixture; it may have to wait for its start."""
    for item in items:
        if "local_cloud" in getattr(item, "fixturenames", ()):
            if item.path.parent.name not in CLOUD_FOLDERS:
                raise pytest.UsageError(
                    f"{item.nodeid} uses the local cloud: it belongs into one of {CLOUD_FOLDERS}"
                )
            item.add_marker(pytest.mark.local_cloud)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(400))
