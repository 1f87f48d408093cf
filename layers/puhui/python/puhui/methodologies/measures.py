"""What a quantity measures is settled by the first factor of it that is published, and stays so when that one is withdrawn:
formulas were checked against it. Pure."""

from collections.abc import Mapping
from typing import Any

from puhui.formulas.units import unit
from puhui.kernel.documents import DocumentInvalid, pointer


def require_same(record: Mapping[str, Any], settled: str) -> None:
    """Raise DocumentInvalid for a record in a unit that measures something else than ``settled``, its quantity's unit ("": it
    has none yet)."""
    if settled and unit(record["unit"]).dimensions != unit(settled).dimensions:
        quantity, written = record["quantity"], record["unit"]
        detail = {
            "zh-CN": f"{quantity} 以 {settled} 计量，{written} 度量的是另一种量；请改用 {settled} 一类的单位，或换一个 quantity",
            "en": f"{quantity} is measured in {settled}, and {written} measures something else. Use such a unit, or another quantity",
        }
        raise DocumentInvalid(pointer=pointer(("unit",)), detail=detail)
