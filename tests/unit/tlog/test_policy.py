"""Policies: whose cosignatures are enough."""

import re
from itertools import combinations

import pytest

from puhui.tlog import notes, policy, receipts
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.notes import COSIGNATURE, ED25519, LocalSigner, Note
from tests.support.logs import COSIGNED_AT, ORIGIN, Log, signer
from tests.support.small_logs import log_of, policy_of

LOG = str(signer(ORIGIN).key)
NAMES = ["ent1", "ent2", "gov1", "ngo1", "ngo2"]
WITNESSES = [f"witness {name} {signer(f'{name}.example', COSIGNATURE).key}" for name in NAMES]
ALLIANCE = [
    f"log {LOG} https://journal.example/",
    *WITNESSES,
    "group enterprise 1 ent1 ent2",
    "group government any gov1",
    "group ngo 1 ngo1 ngo2",
    "group alliance all enterprise government ngo",
    "quorum alliance",
]


def parsed(*lines: str) -> policy.Policy:
    """The policy of these lines."""
    return policy.parse("\n".join(lines) + "\n")


def test_a_policy_names_log_witnesses_groups_and_quorum() -> None:
    read = parsed(*ALLIANCE)
    assert read.origin == ORIGIN
    assert read.log == signer(ORIGIN).key
    assert [(each.name, each.key.name, each.url) for each in read.witnesses] == [
        (name, f"{name}.example", "") for name in NAMES
    ]
    assert read.groups["enterprise"] == policy.Group(1, ("ent1", "ent2"))
    assert read.groups["alliance"] == policy.Group(3, ("enterprise", "government", "ngo"))
    assert read.quorum == "alliance"


def test_nested_groups_ask_for_somebody_of_each_side() -> None:
    read = parsed(*ALLIANCE)
    for count in range(len(NAMES) + 1):
        for signed in combinations(NAMES, count):
            sides = {name[:3] for name in signed}
            assert read.is_met_by(signed) == (sides == {"ent", "gov", "ngo"})


@pytest.mark.parametrize(
    ("enough", "needed"), [("any", 1), ("1", 1), ("2", 2), ("3", 3), ("5", 5), ("all", 5)]
)
def test_a_group_is_satisfied_by_so_many_of_its_members(enough: str, needed: int) -> None:
    read = parsed(f"log {LOG}", *WITNESSES, f"group g {enough} {' '.join(NAMES)}", "quorum g")
    for count in range(len(NAMES) + 1):
        for signed in combinations(NAMES, count):
            assert read.is_met_by(signed) == (count >= needed)
    assert not read.is_met_by(["somebody", "else", "and", "many", "more"])


def test_a_quorum_may_be_one_witness() -> None:
    read = parsed(f"log {LOG}", *WITNESSES, "quorum gov1")
    assert read.is_met_by(["gov1"])
    assert not read.is_met_by(["ent1", "ent2", "ngo1", "ngo2"])


def test_the_quorum_none_is_met_by_nobody() -> None:
    for lines in [[f"log {LOG}", "quorum none"], [f"log {LOG}", *WITNESSES, "quorum none"]]:
        assert parsed(*lines).is_met_by([])


def test_comments_empty_lines_and_tabs_do_not_matter() -> None:
    loose = [
        "# a policy",
        "",
        "  \t ",
        "\t# indented",
        *("\t" + line.replace(" ", " \t ") + "  " for line in ALLIANCE),
    ]
    assert parsed(*loose) == parsed(*ALLIANCE)
    assert policy.parse("\n".join(ALLIANCE)) == parsed(*ALLIANCE)


def test_a_name_may_hold_any_character_but_space_and_tab() -> None:
    name = "政府\u3000一号"
    read = parsed(f"log {LOG}", WITNESSES[0].replace("ent1", name, 1), f"group g any {name}", "quorum g")
    assert read.is_met_by([name])


def test_addresses_of_witnesses_lose_their_last_slash() -> None:
    line = f"{WITNESSES[0]} https://w.example/prefix/"
    assert parsed(f"log {LOG}", line, "quorum ent1").witnesses[0].url == "https://w.example/prefix"


def test_what_an_address_means_is_for_whoever_asks_there() -> None:
    line = f"{WITNESSES[0]} bastion:w.example"
    assert parsed(f"log {LOG}", line, "quorum ent1").witnesses[0].url == "bastion:w.example"


def test_a_checkpoint_of_any_of_the_logs_counts_and_of_no_other() -> None:
    logs = [Log(f"journal.example/{year}") for year in (2026, 2027, 2028)]
    rotated = LocalSigner(logs[0].origin, ED25519, signer("a new key").seed)
    known = [logs[0].signer.key, rotated.key, logs[1].signer.key]
    trusted = parsed(*(f"log {key}" for key in known), "quorum none")
    for log in logs[:2]:
        assert receipts.opened(log.checkpoint_bytes(), trusted).checkpoint.origin == log.origin
    text = logs[0].checkpoint().text
    by_new_key = Note(text, (notes.sign(Note(text), rotated),))
    assert receipts.opened(str(by_new_key).encode(), trusted).checkpoint.origin == logs[0].origin
    with pytest.raises(NotProved, match="is missing"):
        receipts.opened(logs[2].checkpoint_bytes(), trusted)
    by_another = Note(text, (notes.sign(Note(text), logs[1].signer),))
    with pytest.raises(NotProved, match=r"not of journal\.example/2027"):
        receipts.opened(str(by_another).encode(), trusted)


def test_octets_above_ascii_need_not_be_utf_8() -> None:
    lines = ["# 政府的见证方", f"log {LOG}", WITNESSES[0].replace("ent1", "企业", 1), "quorum 企业"]
    read = policy.parse("\n".join(lines).encode("gb18030"))
    assert read.is_met_by([read.quorum])
    assert not read.is_met_by(["企业"])


def _faults() -> dict[str, tuple[int, list[str]]]:
    """What is wrong, the line that is told, and the policy."""
    log = f"log {LOG}"
    first, second = WITNESSES[:2]
    vkey = first.split()[2]
    same_log = LocalSigner("other-name.example", ED25519, signer(ORIGIN).seed).key
    same_key = LocalSigner("other-name.example", COSIGNATURE, signer("ent1.example").seed).key
    return {
        "an unknown word": (2, [log, "member ent1", "quorum none"]),
        "a log without a key": (1, ["log", "quorum none"]),
        "a log with too many words": (1, [f"{log} https://a.example https://b.example", "quorum none"]),
        "a log with a witness's key": (1, [f"log {vkey}", "quorum none"]),
        "a witness with a log's key": (2, [log, f"witness w {LOG}", "quorum w"]),
        "a witness without a key": (2, [log, "witness w", "quorum w"]),
        "a key with a changed character": (2, [log, first.replace("example+", "exampel+"), "quorum ent1"]),
        "a name twice": (3, [log, first, second.replace("ent2", "ent1", 1), "quorum ent1"]),
        "a witness named none": (2, [log, first.replace("ent1", "none", 1), "quorum none"]),
        "a group named like a witness": (3, [log, first, "group ent1 any ent1", "quorum ent1"]),
        "one key under two names": (3, [log, first, f"witness again {vkey}", "quorum none"]),
        "one key under two key names": (3, [log, first, f"witness again {same_key}", "quorum none"]),
        "a group without members": (3, [log, first, "group g any", "quorum g"]),
        "a group of strangers": (3, [log, first, "group g any ent2", "quorum g"]),
        "a group before its member": (2, [log, "group g any ent1", first, "quorum g"]),
        "a group of itself": (3, [log, first, "group g any g", "quorum g"]),
        "a group with none in it": (3, [log, first, "group g any none", "quorum g"]),
        "a member twice": (3, [log, first, "group g 2 ent1 ent1", "quorum g"]),
        "a member of two groups": (4, [log, first, "group g any ent1", "group h any ent1", "quorum h"]),
        "nobody is enough": (3, [log, first, "group g 0 ent1", "quorum g"]),
        "more than there are": (3, [log, first, "group g 2 ent1", "quorum g"]),
        "a negative number": (3, [log, first, "group g -1 ent1", "quorum g"]),
        "a number with a sign": (3, [log, first, "group g +1 ent1", "quorum g"]),
        "a number with an underscore": (4, [log, first, second, "group g 0_1 ent1 ent2", "quorum g"]),
        "other digits": (3, [log, first, "group g １ ent1", "quorum g"]),
        "most": (3, [log, first, "group g most ent1", "quorum g"]),
        "an unknown quorum": (3, [log, first, "quorum ent2"]),
        "a quorum before its witness": (2, [log, "quorum ent1", first]),
        "two quorums": (4, [log, first, "quorum ent1", "quorum none"]),
        "a quorum of two words": (3, [log, first, "quorum ent1 ent1"]),
        "one log twice": (2, [log, log, "quorum none"]),
        "one log's key under two names": (2, [log, f"log {same_log}", "quorum none"]),
        "CRLF": (1, [f"{log}\r", "quorum none\r"]),
        "a control character": (2, [log, "quorum\x0bnone"]),
        "a control character in a comment": (1, ["# a\x07", log, "quorum none"]),
        "a line after comments": (4, ["# a", "", log, "nonsense", "quorum none"]),
    }


@pytest.mark.parametrize("what", _faults())
def test_a_fault_is_told_with_the_number_of_its_line(what: str) -> None:
    number, lines = _faults()[what]
    with pytest.raises(Malformed, match=f"^line {number} of the policy: "):
        parsed(*lines)


@pytest.mark.parametrize("lines", [[], ["quorum none"], [f"log {LOG}"]])
def test_a_policy_names_a_log_and_one_quorum(lines: list[str]) -> None:
    with pytest.raises(Malformed, match="at least one log, and one quorum"):
        parsed(*lines)


def test_the_cosignatures_on_a_note_are_told_by_the_policys_names() -> None:
    log = log_of([b"a"])
    cosigned = policy_of(log).cosigned_by(log.checkpoint(witnesses=["enterprise", "ngo"]))
    assert cosigned == {"enterprise1": COSIGNED_AT, "ngo1": COSIGNED_AT + 20}
    assert policy_of(log).cosigned_by(log.checkpoint(witnesses=[])) == {}


def test_a_stranger_and_a_witnesses_key_of_another_kind_count_for_nobody() -> None:
    log = log_of([b"a"])
    note = log.checkpoint(witnesses=[])
    same_key = LocalSigner(log.witnesses["ngo"].name, ED25519, log.witnesses["ngo"].seed)
    lines = (notes.sign(note, signer("stranger.example", COSIGNATURE), 5), notes.sign(note, same_key))
    assert policy_of(log).cosigned_by(Note(note.text, (*note.signatures, *lines))) == {}


def test_one_witness_signing_often_counts_once() -> None:
    log = log_of([b"a"])
    note = log.checkpoint(witnesses=[])
    lines = [notes.sign(note, log.witnesses["ngo"], at) for at in range(1, 10)]
    cosigned = policy_of(log, "2").cosigned_by(Note(note.text, tuple(lines)))
    assert cosigned == {"ngo1": 1}
    assert not policy_of(log, "2").is_met_by(cosigned)


def test_a_wrong_cosignature_refuses_the_note_even_where_the_others_would_do() -> None:
    log, two_of_three = log_of([b"a"]), policy_of(log_of([]), "2")
    good = log.checkpoint(witnesses=["enterprise", "government"])
    assert two_of_three.is_met_by(two_of_three.cosigned_by(good))
    other = notes.sign(log_of([b"b"]).checkpoint(), log.witnesses["ngo"], 5)
    with pytest.raises(NotProved, match=re.escape(log.witnesses["ngo"].name)):
        two_of_three.cosigned_by(Note(good.text, (*good.signatures, other)))
