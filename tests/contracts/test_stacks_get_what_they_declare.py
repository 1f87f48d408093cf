"""The root template hands each nested stack the parameters that it declares: AWS refuses both more and fewer."""

from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from infra.build.contract import ROOT

ROOT_TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
NESTED = {
    name: resource["Properties"]
    for name, resource in ROOT_TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Application"
}


@pytest.mark.parametrize("name", NESTED)
def test_a_stack_gets_what_it_declares_and_nothing_else(name: str) -> None:
    stack: dict[str, Any] = yaml_parse((ROOT / NESTED[name]["Location"]).read_text(encoding="utf-8"))
    declared = stack["Parameters"]
    needed = {parameter for parameter, about in declared.items() if "Default" not in about}
    given = set(NESTED[name]["Parameters"])
    assert given <= set(declared), "the root passes what the stack does not declare"
    assert needed <= given, "the root does not pass what the stack needs"


def test_every_stack_is_nested_in_the_root() -> None:
    files = {f"infra/stacks/{path.name}" for path in (ROOT / "infra/stacks").glob("*.yaml")}
    assert files == {properties["Location"] for properties in NESTED.values()}
