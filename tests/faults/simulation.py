"""A world in which sequencers and a publisher take turns at every I/O, and die at any of them, as a seed decides.

Each process is a thread that runs only while it has the turn, so that a seed always tells the same story.
"""

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from puhui.journal import publication, sequencer
from puhui.journal.model import Event, Place
from puhui.journal.sequencer import Log, sequence
from puhui.tlog import checkpoints, entries, notes, policy, witnessing
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.errors import NotProved
from puhui.tlog.merkle import check_consistency, leaf_hash
from puhui.tlog.notes import COSIGNATURE, ED25519, LocalSigner, Note
from puhui.tlog.tiles import Edge, Tree, append, replay
from tests.support.journal_fakes import MemoryObjects, MemoryTable

ORIGIN = "journal.test"
PEPPER = b"p" * 32
STEPS_MAX = 200_000


class Killed(BaseException):
    """The process dies here."""


class Witness:
    """A witness in memory that keeps to the rules."""

    def __init__(self, name: str, log: notes.Key, origin: str = ORIGIN) -> None:
        self.signer = LocalSigner(f"{name}.test", COSIGNATURE, name.encode().ljust(32, b"."))
        self.log = log
        self.seen = Checkpoint(origin, 0, Edge().root)

    def add(self, body: bytes) -> tuple[int, bytes]:
        asked = witnessing.parse(body)
        checkpoint, note = checkpoints.opened(asked.checkpoint, self.log)
        if asked.old != self.seen.size:
            return 409, f"{self.seen.size}\n".encode()
        if asked.old > checkpoint.size:
            return 400, b""
        try:
            check_consistency(asked.old, self.seen.root, checkpoint.size, checkpoint.root, asked.proof)
        except NotProved:
            return 422, b""
        self.seen = checkpoint
        return 200, str(notes.sign(note, self.signer, 1_790_000_000)).encode()


class World:
    """``kill_chance``: of dying at one I/O; ``lose_chance``: of losing an answer of the head write."""

    def __init__(
        self,
        seed: int,
        *,
        sequencers: int,
        publishers: int,
        events: int,
        kill_chance: float,
        lose_chance: float,
    ) -> None:
        self.chance = random.Random(seed)
        self.kill_chance, self.lose_chance = kill_chance, lose_chance
        self.calm = False
        self.signer = LocalSigner(ORIGIN, ED25519, b"k" * 32)
        self.signatures: dict[int, set[str]] = {}
        self.table = MemoryTable(self.gate, lambda: not self.calm and self.chance.random() < self.lose_chance)
        self.objects = MemoryObjects(self.gate)
        self.witnesses = [Witness(name, self.signer.key) for name in ("ent", "gov", "ngo")]
        self.policy_text = "".join(
            [
                f"log {self.signer.key}\n",
                *(
                    f"witness {w.signer.name[:3]} {w.signer.key} http://{w.signer.name}\n"
                    for w in self.witnesses
                ),
                "group alliance all ent gov ngo\nquorum alliance\n",
            ]
        )
        self.policy = policy.parse(self.policy_text)
        self.events = [
            Event(f"e{n:05}", "transfer", "2026-11-21T08:30:00+08:00", (f"member:{n % 7}",), {"n": n})
            for n in range(events)
        ]
        self.deliveries = self._deliveries()
        self.sequencers, self.publishers = sequencers, publishers
        self.sequencing = 0
        self._turn: dict[int, threading.Semaphore] = {}
        self._back = threading.Semaphore(0)
        self._alive: dict[int, bool] = {}
        self.errors: list[BaseException] = []

    def _deliveries(self) -> list[list[Event]]:
        """The events in batches, some of them twice, in any order."""
        batches, at = [], 0
        while at < len(self.events):
            size = self.chance.choice([1, 2, 3, 5, 40])
            batches.append(self.events[at : at + size])
            at += size
        batches += [self.chance.choice(batches)[self.chance.randrange(2) :] for _ in range(len(batches) // 3)]
        self.chance.shuffle(batches)
        return [batch for batch in batches if batch]

    # Turns

    def gate(self) -> None:
        """Every I/O passes here, before and after its effect: others get their turn, and this process may die."""
        me = threading.get_ident()
        if me not in self._turn:
            return
        self._back.release()
        self._turn[me].acquire()
        if not self.calm and self.chance.random() < self.kill_chance:
            raise Killed

    def _spawn(self, work: Callable[[], None]) -> int:
        started = threading.Event()
        ident: list[int] = []

        def run() -> None:
            me = threading.get_ident()
            ident.append(me)
            self._turn[me] = threading.Semaphore(0)
            self._alive[me] = True
            started.set()
            self._turn[me].acquire()
            try:
                work()
            except Killed:
                pass
            except BaseException as error:  # noqa: BLE001 told to the test
                self.errors.append(error)
            finally:
                self._alive.pop(me)
                self._turn.pop(me)
                self._back.release()

        threading.Thread(target=run, daemon=True).start()
        started.wait()
        return ident[0]

    def run(self) -> None:
        """Let the world run until every delivery was taken to its end, then once more without any fault."""
        for _ in range(self.sequencers):
            self._spawn(self._sequencer)
        for _ in range(self.publishers):
            self._spawn(self._publisher)
        for _ in range(STEPS_MAX):
            if not self._alive:
                break
            me = self.chance.choice(sorted(self._alive))
            self._turn[me].release()
            self._back.acquire()
        else:
            raise AssertionError("the world does not come to an end")
        if self.errors:
            return
        self.calm = True
        sequence(self.events, log=self._log())
        self.publish()

    def _log(self) -> Log:
        world = self

        class Recording(LocalSigner):
            def sign(self, message: bytes) -> bytes:
                size = checkpoints.parse_text(message.decode()).size
                world.signatures.setdefault(size, set()).add(message.decode())
                return super().sign(message)

        signer = Recording(ORIGIN, ED25519, self.signer.seed)
        return Log(ORIGIN, self.table, self.objects, signer, PEPPER, sleep=lambda _: self.gate())

    def _sequencer(self) -> None:
        """A process after the other: each takes deliveries until it dies, and what it was at comes again."""
        self.sequencing += 1
        try:
            while self.deliveries:
                log = self._log()
                with suppress(Killed):
                    while self.deliveries:
                        self._take(self.deliveries.pop(0), log)
        except Exception:
            self.deliveries.clear()  # something is wrong: the world comes to its end
            raise
        finally:
            self.sequencing -= 1

    def _take(self, batch: list[Event], log: Log) -> None:
        try:
            sequence(batch, log=log)
        except Killed:
            self.deliveries.insert(self.chance.randrange(len(self.deliveries) + 1), batch)
            raise

    def _publisher(self) -> None:
        while self.deliveries or self.sequencing:
            with suppress(Killed):
                self.publish()
                self.gate()

    def publish(self) -> None:
        """One run of the publisher."""
        by_url = {f"http://{witness.signer.name}/add-checkpoint": witness for witness in self.witnesses}

        def post(url: str, body: bytes) -> tuple[int, bytes]:
            self.gate()
            answer = by_url[url].add(body)
            self.gate()
            return answer

        publication.publish(
            self.policy,
            self.policy_text,
            table=self.table,
            objects=self.objects,
            lock_until=lambda _: None,
            post=post,
        )

    # What must hold

    def check(self) -> None:
        """No loss, no duplicate, no fork, no smaller checkpoint, no changed object."""
        if self.errors:
            raise self.errors[0]
        size = self.table.the_head.size
        assert size == len(self.events), f"{size} entries of {len(self.events)} events"
        tree = Tree(lambda path: self.objects.objects[path], size)
        leaves = [leaf for _, part in replay(tree, self.table.the_head.root) for leaf in part]
        found = [entries.parse(leaf) for leaf in leaves]
        assert sorted(entry.id for entry in found) == [event.id for event in self.events]
        for index, entry in enumerate(found):
            place = self.table.by_entry[entry.id]
            assert place == Place(entry.id, index, place.stream, "transfer")
        self._check_chains(leaves, found)
        self._check_published(leaves)
        seen: dict[str, bytes] = {}
        for key, body in self.objects.history:
            if key not in (publication.CHECKPOINT, publication.POLICY):
                assert seen.setdefault(key, body) == body, f"{key} was changed"

    def _check_chains(self, leaves: list[bytes], found: list[entries.Entry]) -> None:
        last: dict[str, bytes] = {}
        for leaf, entry in zip(leaves, found, strict=True):
            stream = self.table.by_entry[entry.id].stream
            assert entry.prev == last.get(stream), f"{entry.id} is not chained to its stream's last entry"
            last[stream] = leaf_hash(leaf)
        assert {name: stream.leaf for name, stream in self.table.by_stream.items()} == last

    def _check_published(self, leaves: list[bytes]) -> None:
        assert all(len(texts) == 1 for texts in self.signatures.values()), (
            "two roots were signed for one size"
        )
        roots = {0: Edge().root}
        edge = Edge()
        for number, leaf in enumerate(leaves, 1):
            edge = append(edge, [leaf]).edge
            roots[number] = edge.root
        before = 0
        for key, body in self.objects.history:
            if key == publication.CHECKPOINT:
                checkpoint = checkpoints.parse_text(notes.parse(body).text)
                assert checkpoint.size > before, f"{checkpoint.size} was published after {before}"
                assert checkpoint.root == roots[checkpoint.size], "a fork was published"
                assert self.policy.is_met_by(
                    self.policy.cosigned_by(Note(checkpoint.text, notes.parse(body).signatures))
                )
                before = checkpoint.size
        assert before == len(leaves), f"{before} of {len(leaves)} entries are published"


def one_after_the_other(work: Callable[[Any], Any], each: Any) -> list[Any]:
    """Instead of ``at_once``: a world has one turn at a time."""
    return [work(one) for one in each]


MODULES = (sequencer, publication)
