"""Secrets Manager: JSON objects, read once per process."""

import json
from functools import cache
from typing import Any

from puhui.store import aws


@cache
def read(name: str) -> dict[str, Any]:
    """The secret's JSON object. ``name`` is its name or ARN. Raises AwsError when it may not be read."""
    secret: dict[str, Any] = json.loads(
        aws.call("secretsmanager", "GetSecretValue", {"SecretId": name})["SecretString"]
    )
    return secret
