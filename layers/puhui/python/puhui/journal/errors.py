"""What can go wrong with the journal."""

import json
from typing import Any

from puhui.kernel.errors import Conflict, DomainError, IdempotencyKeyReused, NotFound


class EntryNotFound(NotFound):
    code = "ENTRY_NOT_FOUND"
    zh = "日志中没有这条记录；刚发生的记录请几秒后再查。"
    en = "The journal has no such entry. One that just happened appears within seconds."


class ReceiptNotReady(NotFound):
    """The entry is in the log, but no published checkpoint covers it yet."""

    code = "RECEIPT_NOT_READY"
    zh = "这条记录已写入日志，正在等待见证方联署，请几秒后再查。"
    en = "The entry is in the log and waits for the witnesses' cosignatures. Ask again in a few seconds."


class NothingPublished(NotFound):
    code = "NOTHING_PUBLISHED"
    zh = "日志还没有公布过检查点，请稍后再查。"
    en = "The journal has not published a checkpoint yet. Ask again shortly."


class SizeNotPublished(NotFound):
    code = "SIZE_NOT_PUBLISHED"
    zh = "要求 0 < from ≤ to ≤ {size}，{size} 是已公布的最新日志长度。"
    en = "This needs 0 < from <= to <= {size}, the size of the log as last published."


class EventIdReused(IdempotencyKeyReused):
    """Another event has this id. Becomes Submitted when it has the same ``content``, whatever its time."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        existing = json.loads(item["event"]) if item else {}
        if {**existing, "at": ""} == {**self.details["content"], "at": ""}:
            return Submitted(at=existing["at"])
        return self


class Submitted(Conflict):
    """The event was submitted before. No client ever gets this error."""

    code = "SUBMITTED"


class PublishedChanged(Conflict):
    """A published version has another content than the journal knows."""

    code = "PUBLISHED_CHANGED"
    zh = "已发布的版本 {what} 被修改过：其内容与日志中的哈希不符。"
    en = (
        "The published version {what} was changed: its content does not have the hash that the journal knows."
    )


class StreamErased(Conflict):
    """The stream's key was destroyed; nothing can be added in its name."""

    code = "STREAM_ERASED"
    zh = "该主体的数据已删除。"
    en = "This subject's data were erased."


class JournalCorrupt(DomainError):
    """What is stored contradicts itself: a tile, the staging or the head was changed. The journal stops; an operator
    must look. ``detail`` names the place."""

    code = "JOURNAL_CORRUPT"
    status = 503
    zh = "日志存储异常，已停止写入，等待人工检查。"
    en = "The journal's storage contradicts itself: {detail}. Writing has stopped until somebody looks."


class HeadRolledBack(JournalCorrupt):
    """The head is behind what was signed or published: a table was restored from a backup."""

    code = "HEAD_ROLLED_BACK"
