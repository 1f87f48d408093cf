"""An export's life in its table: asked for once, one at a time, ended once, its address given once. On a real table."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from puhui.kernel import ids
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.members.exporting import count_export
from puhui.members.minor_counters import EXPORTS
from puhui.members.model import Member
from puhui.members.repository import Members
from puhui.privacy import looking_after
from puhui.privacy.erasures.model import CHECK_AFTER, LATE, asked
from puhui.privacy.errors import (
    ErasureBegun,
    ExportFetched,
    ExportNotFound,
    ExportNotReady,
    ExportOver,
    ExportRunning,
    SignInAgain,
)
from puhui.privacy.exports import usecases
from puhui.privacy.exports.model import KEPT, LINK_SECONDS, READY_WITHIN, Export
from puhui.privacy.repository import Privacy
from puhui.store.client import DynamoDB
from puhui.store.sealing import Sealer
from puhui.store.session import Session

NOW = datetime(2026, 12, 1, 4, 30, tzinfo=UTC)
ME, OTHER = "A" * 26, "B" * 26
SOON = timedelta(minutes=1)


@dataclass
class Desk:
    """The table, a bucket that remembers, a machine that only notes that it was started."""

    privacy: Privacy
    started: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def start(self, export: Export) -> bool:
        self.started.append(export.id)
        return True

    def address(self, object_key: str, seconds: int) -> str:
        return f"https://bucket.test/{object_key}?{seconds}"

    def delete_all(self, prefix: str) -> int:
        self.removed.append(prefix)
        return 1

    def abort_all(self, _prefix: str) -> int:
        return 0

    def ask(self, key: str | None = None, who: str = ME, body: str = "", now: datetime = NOW) -> Export:
        return usecases.export_me(who, key, body, exports=self.privacy.exports, start=self.start, now=now)

    def ready(self, export: Export, now: datetime = NOW) -> Export:
        return usecases.close_export(
            export.member_id, export.id, 77, "ab", exports=self.privacy.exports, now=now
        )

    def link(
        self, export: Export, key: str | None = None, now: datetime = NOW, signed_in: datetime | None = None
    ) -> str:
        session = ids.new_id(signed_in or now)
        told = usecases.open_export(
            export.member_id, export.id, key, session, exports=self.privacy.exports, bucket=self, now=now
        )
        return str(told["url"])

    def look_after(self, now: datetime) -> dict[str, int]:
        erasures: list[str] = []
        return dict(
            looking_after.look_after(
                self.privacy, self, self.start, lambda erasure: bool(erasures.append(erasure.id)) or True, now
            )
        )


@pytest.fixture
def desk(make_table: Callable[[str], str]) -> Desk:
    return Desk(Privacy(DynamoDB(), make_table("privacy")))


def test_one_request_is_one_export_and_one_runs_at_a_time(desk: Desk):
    first = desk.ask("key")
    assert desk.ask("key").id == first.id
    with pytest.raises(IdempotencyKeyReused):
        desk.ask("key", body="other")
    with pytest.raises(ExportRunning):
        desk.ask("another key")
    desk.ask("key", who=OTHER)
    desk.ready(first)
    assert desk.ask("key").status == "ready"
    assert desk.ask("another key").id != first.id


def test_the_address_is_given_once(desk: Desk):
    export = desk.ask()
    with pytest.raises(ExportNotReady):
        desk.link(export)
    desk.ready(export)
    with pytest.raises(SignInAgain):
        desk.link(export, signed_in=NOW - timedelta(hours=1))
    assert desk.link(export, "link").endswith(f"?{LINK_SECONDS}")
    assert desk.link(export, "link", NOW + SOON).endswith(f"?{LINK_SECONDS - 60}")
    for key, now in ((None, NOW), ("other", NOW), ("link", NOW + timedelta(seconds=LINK_SECONDS))):
        with pytest.raises(ExportFetched):
            desk.link(export, key, now)
    with pytest.raises(ExportNotFound):
        desk.privacy.exports.find(OTHER, export.id)


def test_what_no_machine_ends_the_schedule_ends(desk: Desk):
    export = desk.ask()
    assert desk.look_after(NOW + SOON) == {}
    assert desk.look_after(NOW + timedelta(minutes=11)) == {"started": 1}
    assert desk.look_after(NOW + timedelta(minutes=12)) == {}
    assert desk.look_after(NOW + READY_WITHIN) == {"failed": 1}
    assert desk.privacy.exports.find(ME, export.id).status == "failed"
    with pytest.raises(ExportOver):
        desk.link(export)
    assert desk.ask("again").status == "gathering"
    assert desk.removed == [export.folder]


def test_a_file_goes_after_three_days(desk: Desk):
    export = desk.ready(desk.ask())
    desk.link(export)
    assert desk.look_after(NOW + KEPT - SOON) == {}
    assert desk.look_after(NOW + KEPT) == {"expired": 1}
    assert desk.removed == [export.folder]
    with pytest.raises(ExportOver):
        desk.link(export, now=NOW + KEPT)
    assert desk.look_after(NOW + 2 * KEPT) == {}


def test_ending_it_again_changes_nothing(desk: Desk):
    export = desk.ready(desk.ask())
    late = usecases.close_export(ME, export.id, failed=True, exports=desk.privacy.exports, now=NOW + SOON)
    assert late == export


def test_a_minors_export_is_counted_once(desk: Desk, make_table: Callable[[str], str]):
    members = Members(DynamoDB(), make_table("members"), Sealer(b"k" * 32, b"p" * 32))
    for member_id, born in ((ME, 2016), (OTHER, 1990)):
        session = Session(members.dynamodb)
        members.add(session, Member(member_id, "小", ("member",), NOW, birth_year=born), member_id)
        session.commit()
        export = desk.ask(who=member_id)
        for _ in range(2):
            usecases.close_export(
                member_id,
                export.id,
                exports=desk.privacy.exports,
                now=NOW,
                count=lambda session, who=member_id: count_export(session, who, NOW, members=members),
            )
    assert members.minors.of_year(2026)[EXPORTS] == 1


# Erasures


def test_a_wish_is_kept_once_and_taken_back_in_time(desk: Desk):
    erasures = desk.privacy.erasures
    first = erasures.ask(asked(ME, 60, NOW))
    assert erasures.ask(asked(ME, 60, NOW + SOON)) == first
    assert erasures.withdraw(ME, NOW + timedelta(seconds=59)).status == "withdrawn"
    assert erasures.withdraw(ME, NOW + timedelta(hours=1)).status == "withdrawn"
    assert erasures.begin(ME, first.id) is None
    second = erasures.ask(asked(ME, 60, NOW + SOON))
    assert second.id != first.id
    with pytest.raises(ErasureBegun):
        erasures.withdraw(ME, second.closes_at)
    assert erasures.begin(ME, first.id) is None, "the execution of the first wish"
    begun = erasures.begin(ME, second.id)
    assert begun is not None
    assert begun.status == "closing"
    assert erasures.begin(ME, second.id) == begun
    with pytest.raises(ErasureBegun):
        erasures.withdraw(ME, NOW + SOON)


def test_an_erasure_that_stopped_goes_on_and_is_gone_through_once_more(desk: Desk):
    erasures = desk.privacy.erasures
    wish = erasures.ask(asked(ME, 60, NOW))
    due = wish.closes_at + CHECK_AFTER
    assert desk.look_after(due - SOON) == {}
    assert desk.look_after(due) == {"erasing": 1}
    assert desk.look_after(due + SOON) == {}
    erasures.begin(ME, wish.id)
    erased = erasures.finish(ME, due)
    assert erasures.finish(ME, due + SOON) == erased
    assert desk.look_after(due + LATE - SOON) == {}
    assert desk.look_after(due + LATE) == {"erasing": 1}
    assert erasures.finish(ME, due + LATE + SOON).next_check_at is None
    assert desk.look_after(due + 10 * LATE) == {}
