"""A role holds everywhere, in a programme, or in a region and all that lies in it."""

import pytest

from puhui.kernel.scopes import EVERYWHERE, Scope, scope_of

WANTED = ("verifier", "operator")


@pytest.mark.parametrize(
    ("granted", "scope"),
    [
        ({"member"}, None),
        ({"verifier"}, EVERYWHERE),
        ({"verifier", "operator@carbon-88"}, EVERYWHERE),
        ({"verifier@carbon-88"}, Scope(programmes=frozenset({"carbon-88"}))),
        ({"verifier@CN-GD", "auditor@CN"}, Scope(regions=frozenset({"CN-GD"}))),
        ({"auditor@carbon-88", "verifiers@carbon-88"}, None),
        ({"verifier@"}, None),
    ],
)
def test_a_scope_is_where_one_of_the_wanted_roles_was_granted(granted: set[str], scope: Scope | None):
    assert scope_of(granted, WANTED) == scope


@pytest.mark.parametrize(
    ("programme_id", "jurisdiction", "covered"),
    [
        ("carbon-88", "CN", True),
        ("elsewhere", "CN-GD", True),
        ("elsewhere", "CN-GD-SZ", True),
        ("elsewhere", "CN", False),
        ("elsewhere", "CN-GX", False),
        ("carbon-8", "CN-GDX", False),
    ],
)
def test_a_scope_covers_its_programmes_and_what_lies_in_its_regions(
    programme_id: str, jurisdiction: str, covered: bool
):
    scope = scope_of({"verifier@carbon-88", "verifier@CN-GD"}, WANTED)
    assert scope is not None
    assert scope.covers(programme_id, jurisdiction) is covered
    assert EVERYWHERE.covers(programme_id, jurisdiction)
    assert scope.covers_region("CN-GD-GZ")
    assert not scope.covers_region("CN")
