"""Every stored item of this context, as a file."""

from datetime import UTC, datetime, timedelta

import pytest

from puhui.privacy.erasures.model import Erasure
from puhui.privacy.erasures.repository import ERASURE
from puhui.privacy.exports.model import Export
from puhui.privacy.exports.repository import EXPORT
from puhui.privacy.imports.model import Act, Import, Sums
from puhui.privacy.imports.repository import ACT, IMPORT
from tests.support import golden

NOW = datetime(2026, 12, 1, 4, 30, tzinfo=UTC)
LATER = [NOW + timedelta(hours=hours) for hours in range(1, 5)]
SHAPES = {
    "export": (
        EXPORT,
        Export("E" * 26, "M" * 26, "fetched", NOW, "ab01", LATER[0], LATER[1], LATER[2], "key", 77, "cd02"),
    ),
    "erasure": (
        ERASURE,
        Erasure("M" * 26, "X" * 26, "erased", NOW, LATER[0], LATER[1], LATER[2]),
    ),
    "import": (
        IMPORT,
        Import("M" * 26, "S" * 26, "log.example", "ef03", 3, 2, {"carbon-88": Sums(5, 6)}, NOW),
    ),
    "imported_act": (
        ACT,
        Act("A", "carbon-88", "cycling", "2026-11-21", {"km": 1}, 7, 8, proved=True, status="other"),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_item_is_stored_as_its_golden_file_says(name: str):
    record, value = SHAPES[name]
    golden.check("privacy", name, record, value)
