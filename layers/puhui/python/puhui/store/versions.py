"""Writing over the version that was read: the optimistic lock of values that count their writes in a field ``version``."""

from dataclasses import replace
from typing import Any, Protocol

from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session


class Versioned(Protocol):
    """``version`` is 0 for a value that was never stored. Its record stores it as ``v``, always."""

    @property
    def version(self) -> int: ...


def put_next(session: Session, table: str, record: Record[Any], value: Versioned) -> None:
    """Write ``value`` in place of the version that it was worked out from, as the next one."""
    before = value.version
    session.put(
        table,
        record.item(replace(value, version=before + 1)),  # type: ignore[type-var]
        condition="v = :v" if before else "attribute_not_exists(v)",
        values={":v": before} if before else None,
        error=OptimisticLockFailed(),
    )
