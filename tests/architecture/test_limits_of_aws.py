"""A deployment twice as large still fits: no limit of CloudFormation, API Gateway, IAM or Lambda is used by more than a half.

`pytest -s` prints the table, as does `python -m infra.build.limits`.
"""

import pytest

from infra.build import gateway, limits

HALF = 0.5
USES, NAMES = limits.uses(), limits.names()
# What may use more, and why; docs/decisions/2026-11-30-gateways.md repeats it.
EXCEPTIONS: dict[str, str] = {}


def test_the_table() -> None:
    print("\n" + limits.table([*USES, *NAMES]))  # noqa: T201 for those who run it with -s
    assert len(USES) > 15


@pytest.mark.parametrize("use", USES, ids=lambda use: use.what)
def test_at_most_a_half_of_a_limit_is_used(use: limits.Use) -> None:
    if use.what in EXCEPTIONS:
        assert use.share <= 1
        return
    assert use.share <= HALF, f"{use.where}: {use.used:,} of {use.limit:,}"


def test_an_exception_is_one() -> None:
    over = {use.what for use in USES if use.share > HALF}
    assert over == EXCEPTIONS.keys()


@pytest.mark.parametrize("use", NAMES, ids=lambda use: use.what)
def test_a_name_fits_with_a_stacks_name_of_twenty_letters(use: limits.Use) -> None:
    assert use.share <= 1


@pytest.mark.parametrize("name", limits.templates())
def test_a_template_as_sam_expands_it_has_no_null(name: str) -> None:
    """CloudFormation refuses a template that holds one."""
    template = limits.templates()[name]
    assert list(limits.nulls(template)) == []


def test_the_root_holds_what_the_gateways_import() -> None:
    resources = limits.templates()["template"]["Resources"]
    bodies = [
        each["Properties"]["Body"]
        for each in resources.values()
        if each["Type"] == "AWS::ApiGateway::RestApi"
    ]
    paths = [path for body in bodies for path in body["paths"]]
    assert len(bodies) == len(gateway.GATEWAYS)
    assert sorted(paths) == sorted(path for made in gateway.documents().values() for path in made["paths"])


def test_a_null_would_be_found() -> None:
    assert list(limits.nulls({"a": [{"b": 0}, {"c": None}]})) == ["/a/1/c"]


def test_every_beginning_of_a_path_is_a_resource() -> None:
    assert limits.resources({"paths": {"/a/{b}/c": {}, "/a": {}, "/a/d": {}}}) == {
        "/",
        "/a",
        "/a/{b}",
        "/a/{b}/c",
        "/a/d",
    }
