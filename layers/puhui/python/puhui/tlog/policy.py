"""Whose cosignatures are enough (c2sp.org/tlog-policy): the logs' keys, the witnesses' keys, groups and a quorum.

log <vkey> [url]
witness <name> <vkey> [url]
group <name> <k|any|all> <members...>
quorum <name|none>
"""

from collections.abc import Collection
from dataclasses import dataclass

from puhui.tlog.errors import Malformed
from puhui.tlog.notes import COSIGNATURE, ED25519, Key, Note

NO_QUORUM = "none"


@dataclass(frozen=True)
class Witness:
    """A cosigner: its name in the policy, its key, and where it is asked."""

    name: str
    key: Key
    url: str = ""


@dataclass(frozen=True)
class Group:
    """Satisfied when ``enough`` of its members (witnesses or groups) are."""

    enough: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """What a checkpoint needs before it counts: any one of ``logs`` signed it, and the quorum did. In ``groups`` members
    come before the groups that name them."""

    logs: tuple[Key, ...]
    witnesses: tuple[Witness, ...]
    groups: dict[str, Group]
    quorum: str

    @property
    def log(self) -> Key:
        """The log that is named first; a journal's own policy names no other."""
        return self.logs[0]

    @property
    def origin(self) -> str:
        """That log's name, which each of its checkpoints begins with."""
        return self.log.name

    def is_met_by(self, cosigned: Collection[str]) -> bool:
        """Whether these witnesses (by their names in the policy) make the quorum."""
        met = set(cosigned)
        for name, group in self.groups.items():  # members come before the groups that name them
            if sum(member in met for member in group.members) >= group.enough:
                met.add(name)
        return self.quorum == NO_QUORUM or self.quorum in met

    def cosigned_by(self, note: Note) -> dict[str, int]:
        """Which witnesses cosigned the note, and when (Unix seconds). Raises NotProved for a wrong cosignature."""
        signed = note.signed_by([witness.key for witness in self.witnesses])
        return {each.name: signed[each.key] for each in self.witnesses if each.key in signed}


def parse(given: str | bytes) -> Policy:
    """A policy from its text or bytes. Raises Malformed with the number of the faulty line.

    Bytes that are no UTF-8 are names and comments of their own, as the format wants, and equal to nothing else.
    """
    text = given if isinstance(given, str) else given.decode("utf-8", "surrogateescape")
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        try:
            words = _words(line)
            if words and not words[0].startswith("#"):
                reader.read(words)
        except (Malformed, ValueError, IndexError) as error:
            raise Malformed(f"line {number} of the policy: {error}") from None
    return reader.policy()


def _words(line: str) -> list[str]:
    if any((character < " " and character != "\t") or character == "\x7f" for character in line):
        raise Malformed("the only control characters of a policy are tabs and newlines")
    # Not split(): a Unicode space belongs to its word.
    return [word for word in line.replace("\t", " ").split(" ") if word]


class _Reader:
    def __init__(self) -> None:
        self.logs: list[Key] = []
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.grouped: set[str] = set()
        self.quorum = ""

    def read(self, words: list[str]) -> None:
        match words:
            case ["log", key, *url] if len(url) <= 1:
                self.logs.append(self._log(_key(key, ED25519)))
            case ["witness", name, key, *url] if len(url) <= 1:
                self._name(name)
                self.witnesses[name] = self._witness(name, _key(key, COSIGNATURE), *url)
            case ["group", name, enough, *members] if members:
                self._name(name)
                self.groups[name] = self._group(enough, members)
            case ["quorum", name] if not self.quorum:
                if name != NO_QUORUM:
                    self._known(name)
                self.quorum = name
            case _:
                raise Malformed(f"nobody knows what {' '.join(words)[:60]} means")

    def policy(self) -> Policy:
        if not self.logs or not self.quorum:
            raise Malformed("a policy names at least one log, and one quorum")
        return Policy(tuple(self.logs), tuple(self.witnesses.values()), self.groups, self.quorum)

    def _name(self, name: str) -> None:
        if name == NO_QUORUM or name in self.witnesses or name in self.groups:
            raise Malformed(f"the name {name} is taken")

    def _known(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise Malformed(f"{name} is used before it is defined")

    def _log(self, key: Key) -> Key:
        for other in self.logs:
            if other.public == key.public:
                raise Malformed(f"the log {key.name} has the key of {other.name}")
        return key

    def _witness(self, name: str, key: Key, url: str = "") -> Witness:
        for other in self.witnesses.values():
            if other.key.public == key.public:
                raise Malformed(f"{name} has the key of {other.name}, and who signs once would count twice")
        return Witness(name, key, url.rstrip("/"))

    def _group(self, enough: str, members: list[str]) -> Group:
        for member in members:
            self._known(member)
            if member in self.grouped:
                raise Malformed(f"{member} stands in a group already, and who signs once would count twice")
            self.grouped.add(member)
        needed = {"any": 1, "all": len(members)}.get(enough) or _number(enough)
        if not 1 <= needed <= len(members):
            raise Malformed(f"{needed} of {len(members)} members cannot be asked for")
        return Group(needed, tuple(members))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise Malformed(f"a group asks for any, all or a number of its members, not {text}")
    return int(text)


def _key(text: str, kind: int) -> Key:
    key = Key.parse(text)
    if key.kind != kind:
        raise Malformed(f"the key of {key.name} is of kind {key.kind}, not {kind}")
    return key
