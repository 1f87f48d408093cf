"""Tables for tests: ministack on a port of its own, its DynamoDB in this process, and each context's table as its stack defines
it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from puhui.store import aws
from tests.support import engine

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def dynamodb_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty local cloud; this process's AWS calls go there."""
    port = free_port()
    folder = tmp_path_factory.mktemp("ministack")
    environment = os.environ | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "PERSIST_STATE": "0",
        "STATE_DIR": str(folder),
    }
    endpoint = f"http://127.0.0.1:{port}"
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [str(Path(sys.executable).parent / "ministack")],
            env=environment,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        _wait(f"{endpoint}/_ministack/health")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", endpoint)
            patch.setenv("AWS_REGION", "cn-north-1")
            patch.setenv("AWS_DEFAULT_REGION", "cn-north-1")
            patch.setenv("AWS_ACCESS_KEY_ID", "test")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
            with engine.answering(endpoint):
                yield endpoint
    finally:
        aws._drop(endpoint)  # its connection is kept open between calls
        server.terminate()
        server.wait(10)


def _wait(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def make_table(dynamodb_endpoint: str) -> Callable[[str], str]:
    """Makes a context's table under a name of its own, and gives the name."""

    client = cache(lambda: boto3.client("dynamodb"))

    def make(context: str) -> str:
        name = f"{context}-{uuid.uuid4().hex[:12]}"
        client().create_table(TableName=name, **table_definition(context))
        return name

    return make


@cache
def table_definition(context: str) -> dict[str, Any]:
    """What CreateTable needs, out of the stack that has the table."""
    stack = "members" if context == "limits" else context
    template = yaml.load((ROOT / "infra/stacks" / f"{stack}.yaml").read_text(), _CloudFormation)
    tables = [
        resource
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::DynamoDB::Table"
        and resource["Properties"]["TableName"].endswith(f"-{context}")
    ]
    properties = tables[0]["Properties"]
    wanted = (
        "AttributeDefinitions",
        "KeySchema",
        "BillingMode",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
    )
    definition = {name: properties[name] for name in wanted if name in properties}
    if "StreamSpecification" in properties:
        definition["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
    return definition


class _CloudFormation(yaml.SafeLoader):
    """Reads the short forms of intrinsic functions as plain values."""


def _plain(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)
    return loader.construct_mapping(node)  # type: ignore[arg-type]


_CloudFormation.add_multi_constructor("!", _plain)
