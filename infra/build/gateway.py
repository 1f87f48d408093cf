"""What API Gateway imports: the contract, and on each of its paths an answer to the methods that it does not declare.

`sam build` writes it, through the makefile of the layer; template.yaml includes it.
"""

import json
import os
from typing import Any

from infra.build import contract
from infra.build.contract import ROOT

OUTPUT = ROOT / "made/gateway.json"
ANY = "x-amazon-apigateway-any-method"
FUNCTION = "refuse-method"
ANNOTATIONS = (
    "description",
    "example",
    "summary",
    "tags",
    "x-sentences",
)  # for people, who read the contract itself
_URI = (
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:${AWS::Partition}:lambda:"
    f"${{AWS::Region}}:${{AWS::AccountId}}:function:${{AWS::StackName}}-{FUNCTION}/invocations"
)


def document() -> dict[str, Any]:
    """The contract as API Gateway is to have it: without what only people read, which is most of its size."""
    whole: dict[str, Any] = _bare(contract.document())
    for item in whole["paths"].values():
        item[ANY] = {
            "security": [],
            "responses": {"405": {"description": "This path does not have that method."}},
            "x-amazon-apigateway-integration": {
                "type": "aws_proxy",
                "httpMethod": "POST",
                "uri": {"Fn::Sub": _URI},
            },
        }
    return whole


def _bare(node: Any, *, names: bool = False) -> Any:
    """A part of the contract without annotations; ``names``: its keys are names that somebody chose."""
    if isinstance(node, list):
        return [_bare(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if names or key not in ANNOTATIONS}
    bare = {key: _bare(value, names=key in ("properties", "schemas")) for key, value in kept.items()}
    if "content" in node and "description" in node and "required" not in node:
        bare["description"] = ""  # OpenAPI wants one for each response
    return bare


def write() -> None:
    """Bring OUTPUT up to date, replaced whole. ASCII only: CloudFormation may spoil other characters."""
    OUTPUT.parent.mkdir(exist_ok=True)
    draft = OUTPUT.with_name(f".{OUTPUT.name}.{os.getpid()}")
    draft.write_text(json.dumps(document(), default=str, separators=(",", ":")), encoding="ascii")
    draft.replace(OUTPUT)
