"""A denied action on the local cloud: its line names the request, the function, the action and the resource."""

import json
from pathlib import Path

import httpx
import pytest

from infra.local import demo, logs
from tests.scenarios.life import Member
from tests.support.local_cloud import CloudUnderTest

FUNCTION = "list-consents"  # nobody else needs it meanwhile


@pytest.mark.alone  # who asks for consents meanwhile is denied too
def test_a_denied_action_is_found_by_its_request(api: httpx.Client, local_cloud: CloudUnderTest):
    health = httpx.get(f"{local_cloud.url}/health", trust_env=False).json()
    function = local_cloud.aws("lambda").get_function(FunctionName=f"{local_cloud.stack}-{FUNCTION}")
    role = function["Configuration"]["Role"].rpartition("/")[2]
    denied = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}],
    }
    iam = local_cloud.aws("iam")
    iam.put_role_policy(RoleName=role, PolicyName="denied-by-a-test", PolicyDocument=json.dumps(denied))
    try:
        answer = Member(api).request("GET", "/me/consents")
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="denied-by-a-test")
    assert answer.status_code == 500, answer.text
    folder = Path(health["state"]) / "logs"
    request_id = answer.json()["request_id"]
    (line, *_) = demo.until("the line", lambda: logs.of_request(folder, request_id))
    assert f"function={local_cloud.stack}-{FUNCTION}" in line
    assert f"dynamodb:GetItem on {local_cloud.stack}-members" in line, line
