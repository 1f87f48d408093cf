"""Rules of this house for its templates, run by cfn-lint."""

from typing import Any, ClassVar

from cfnlint.decode import decode
from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
WILDCARDS_ALLOWED = {
    "states:SendTaskSuccess",  # the call names a task by its token; AWS knows no resource for it
}


class _HouseRule(CloudFormationLintRule):  # type: ignore[misc]
    tags: ClassVar[list[str]] = ["puhui"]


class NoLiteralPartition(_HouseRule):
    """An ARN names its partition by ${AWS::Partition}: the China regions have another."""

    id = "E9001"
    shortdesc = "An ARN with a literal partition"
    description = "Write arn:${AWS::Partition}:..., so that the template works in the China regions"

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Every text under Resources that starts an ARN with a partition's name."""
        return [
            RuleMatch(path, f"{self.shortdesc}: {text[:40]}")
            for path, text in _texts(_resources(cfn), ["Resources"])
            if text.startswith(("arn:aws:", "arn:aws-cn:"))
        ]


class LogsEnd(_HouseRule):
    """Every function writes to a log group of its template that has a retention."""

    id = "E9002"
    shortdesc = "A function whose logs never end"
    description = (
        "Logs that never end cost money and keep data: LoggingConfig names a log group with RetentionInDays"
    )

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Functions whose LoggingConfig, their own or the template's, names no such group."""
        template, _ = decode(cfn.filename)
        shared = (template or {}).get("Globals", {}).get("Function", {}).get("LoggingConfig")
        resources = _resources(cfn)
        groups = [
            {"Ref": name}
            for name, group in _of(resources, ("AWS::Logs::LogGroup",)).items()
            if "RetentionInDays" in group["Properties"]
        ]
        return [
            RuleMatch(["Resources", name], f"{self.shortdesc}: {name}")
            for name, function in _of(resources, FUNCTIONS).items()
            if (function["Properties"].get("LoggingConfig") or shared or {}).get("LogGroup") not in groups
        ]


class NoWildcards(_HouseRule):
    """A function's policy names its actions and its resources."""

    id = "E9003"
    shortdesc = "A wildcard in a function's policy"
    description = (
        "Name the actions and the resources; an exception is listed in infra/rules/templates/house.py"
    )

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Statements with ``*`` for an action, or for a resource of an action that has one."""
        found = []
        for name, function in _of(_resources(cfn), FUNCTIONS).items():
            for policy in function["Properties"].get("Policies", []):
                for statement in policy.get("Statement", []) if isinstance(policy, dict) else []:
                    actions = (
                        statement["Action"]
                        if isinstance(statement["Action"], list)
                        else [statement["Action"]]
                    )
                    everything = statement["Resource"] == "*" and not WILDCARDS_ALLOWED.issuperset(actions)
                    if everything or any("*" in action for action in actions):
                        found.append(RuleMatch(["Resources", name], f"{self.shortdesc}: {name} {actions}"))
        return found


def _resources(cfn: Template) -> dict[str, Any]:
    """The resources as they are written, before SAM adds its own."""
    template, _ = decode(cfn.filename)
    resources: dict[str, Any] = (template or {}).get("Resources", {})
    return resources


def _of(resources: dict[str, Any], kinds: tuple[str, ...]) -> dict[str, Any]:
    return {name: resource for name, resource in resources.items() if resource.get("Type") in kinds}


def _texts(node: Any, path: list[Any]) -> list[tuple[list[Any], str]]:
    if isinstance(node, str):
        return [(path, node)]
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for key, child in children for found in _texts(child, [*path, key])]
