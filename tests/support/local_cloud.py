"""The whole local cloud for tests: started once a session on free ports with a state of its own."""

from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from rich.console import Console

from infra.local import demo
from infra.local.cloud import LocalCloud
from infra.local.emulator import free_port
from infra.local.settings import REGION, STACK, Settings


class CloudUnderTest:
    """``url`` is the friendly port; ``stack`` names the deployment."""

    stack = STACK

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self.url = cloud.settings.url

    def token(self, openid: str) -> str:
        """An access token of somebody who signs in now."""
        with httpx.Client(base_url=self.url, timeout=30) as api:
            code = demo.control(api, "login-codes", openid=openid)["code"]
            answer = api.post("/v1/sessions", json={"code": code})
        token: str = answer.raise_for_status().json()["access_token"]
        return token

    def aws(self, service: str) -> Any:
        """A client of the emulator with the administrator's credentials."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self._cloud.emulator.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudUnderTest]:
    """The deployed template, with the demo people and rewards."""
    settings = Settings(free_port(), tmp_path_factory.mktemp("cloud"))
    with LocalCloud(settings, Console(quiet=True)) as cloud:
        yield CloudUnderTest(cloud)
