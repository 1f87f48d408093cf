"""docs/attacks.md names tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_attack_of_the_list_is_tried_by_a_test_that_is_there():
    text = (ROOT / "docs/attacks.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| attack")]
    assert len(lines) > 20
    for line in lines:
        named = NAMED.findall(line)
        assert named, f"nothing tries: {line}"
        for path, test in named:
            source = (ROOT / path).read_text(encoding="utf-8")
            assert f"def {test}(" in source or not test, f"{path} has no {test}"
