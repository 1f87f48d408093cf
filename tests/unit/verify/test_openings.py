"""puhui-verify opening."""

import json
from pathlib import Path
from typing import Any

import pytest

from puhui.tlog.notes import to_b64
from tests.support.logs import MEMBER, Log, entry, entry_id, opening, salt, transfer
from tests.unit.verify.conftest import flipped


@pytest.fixture
def revision(log: Log, tmp_path: Path) -> Path:
    path = tmp_path / "revision.json"
    path.write_text(json.dumps(log.revision(7, opening(7))))
    return path


@pytest.fixture
def receipt(log: Log, tmp_path: Path) -> Path:
    path = tmp_path / "receipt"
    path.write_text(str(log.receipt(7)))
    return path


def written(path: Path, value: dict[str, Any], **changed: Any) -> Path:
    path.write_text(json.dumps({**value, **changed}))
    return path


def test_an_opening_shows_the_event_and_that_its_root_was_not_checked(run, revision):
    answer = run("opening", revision)
    assert answer.status == 0
    assert f"the event below, and no other, is what entry {entry_id(7)} (type transfer" in answer.out
    assert "by the file it is number 7 (counted from 0) of 300 entries." in answer.out
    assert "NOT CHECKED: this root was not compared with a cosigned checkpoint" in answer.out
    assert "  Kind: credit\n  Time: 2026-11-21T08:30:00+08:00\n  Legs:\n" in answer.out
    assert f"    {MEMBER}: +7,000 mg CO2e (0.007 kg), programme carbon-88, year 2026\n" in answer.out
    assert f"    {MEMBER}: +30 points, programme carbon-88, lot 2028-11\n" in answer.out
    assert "    merchant:shop: -1,234 fen (-12.34 yuan)\n" in answer.out


def test_an_opening_is_told_in_chinese(run, revision):
    answer = run("opening", revision, "--lang", "zh")
    assert answer.status == 0
    assert "尚未核对" in answer.out
    assert "  种类：减排入账（credit）\n  时间：2026-11-21T08:30:00+08:00\n  分录：\n" in answer.out
    assert (
        f"    会员（{MEMBER}）：+7,000 毫克二氧化碳当量（合 0.007 千克），项目 carbon-88，2026 年\n"
        in answer.out
    )
    assert f"    会员（{MEMBER}）：+30 积分，项目 carbon-88，批次 2028-11\n" in answer.out
    assert "    机构（organisation:trees）：+1,234 分（合人民币 12.34 元）\n" in answer.out


def test_with_a_receipt_the_root_is_checked_too(run, revision, receipt, policy):
    answer = run("opening", revision, "--policy", policy, "--receipt", receipt)
    assert answer.status == 0
    assert (
        "Proved by the receipt: the entry is number 7 (counted from 0) in the log journal.greenpoints.example/2026"
        in answer.out
    )
    assert "government1, 2026-11-21 00:30:10 UTC" in answer.out
    assert "NOT CHECKED" not in answer.out
    told = run("opening", revision, "--policy", policy, "--receipt", receipt, "--json").told
    assert told["root_is_cosigned"] is True
    assert told["event"] == transfer(7)
    assert told["receipt"]["state"]["quorum_met"] is True


def test_the_receipt_may_be_of_another_size(run, log, revision, receipt, policy):
    receipt.write_text(str(log.receipt(7, 200)))
    assert run("opening", revision, "--policy", policy, "--receipt", receipt).status == 0


def test_a_receipt_for_another_entry_is_refused(run, log, revision, receipt, policy):
    receipt.write_text(str(log.receipt(8)))
    answer = run("opening", revision, "--policy", policy, "--receipt", receipt)
    assert answer.status == 1
    assert "leaf 8 is not in the tree" in answer.out


def test_a_receipt_for_the_same_entry_at_another_place_is_refused(run, receipt, policy, tmp_path):
    log = Log()
    log.append([entry(7), entry(7)])
    revision = written(tmp_path / "revision", log.revision(0, opening(7)))
    receipt.write_text(str(log.receipt(1)))
    answer = run("opening", revision, "--policy", policy, "--receipt", receipt)
    assert answer.status == 1
    assert "the receipt is for entry 1, the revision for entry 0" in answer.out


def test_a_log_that_shows_two_faces_is_refused(run, receipt, policy, tmp_path):
    one, other = Log(), Log()
    one.append([entry(0), entry(1)])
    other.append([entry(0), entry(2)])
    revision = written(tmp_path / "revision", one.revision(0, opening(0)))
    receipt.write_text(str(other.receipt(0)))
    answer = run("opening", revision, "--policy", policy, "--receipt", receipt)
    assert answer.status == 1
    assert "the log shows two faces" in answer.out


def test_a_receipt_that_lacks_the_quorum_is_refused(run, log, revision, receipt, policy):
    receipt.write_text(str(log.receipt(7, witnesses=["ngo"])))
    answer = run("opening", revision, "--policy", policy, "--receipt", receipt)
    assert answer.status == 1
    assert "the quorum alliance has not cosigned" in answer.out


def test_policy_and_receipt_go_together(run, revision, policy, receipt):
    assert "--policy and --receipt go together" in run("opening", revision, "--policy", policy).err
    assert run("opening", revision, "--receipt", receipt).status == 2


def test_a_size_that_only_the_file_tells_is_refused_by_the_receipt(run, log, revision, receipt, policy):
    written(revision, log.revision(7, opening(7)), size=308)
    assert "by the file it is number 7 (counted from 0) of 308 entries." in run("opening", revision).out
    answer = run("opening", revision, "--policy", policy, "--receipt", receipt)
    assert answer.status == 1
    assert "have one root, but 308 and 300 entries" in answer.out


@pytest.mark.slow
def test_no_flipped_bit_of_a_revision_is_accepted(run, revision, policy, receipt):
    for data in flipped(revision.read_bytes()):
        revision.write_bytes(data)
        answer = run("opening", revision, "--policy", policy, "--receipt", receipt)
        assert answer.status == 1, data
        assert answer.out.startswith("NOT PROVED: ")


def test_a_revision_cut_anywhere_is_refused(run, revision):
    data = revision.read_bytes()
    for length in range(len(data)):
        revision.write_bytes(data[:length])
        assert run("opening", revision).status == 1


def test_a_forged_opening_is_refused(run, log, revision):
    forged = opening(7)
    forged["event"]["legs"][1]["amount"] = "9000000"
    written(revision, log.revision(7, forged))
    answer = run("opening", revision)
    assert answer.status == 1
    assert "the entry does not commit to this event with this salt" in answer.out
    assert "9,000,000" not in answer.out


def test_another_entrys_opening_is_refused(run, log, revision):
    written(revision, log.revision(7, opening(8)))
    answer = run("opening", revision)
    assert answer.status == 1
    assert f"the event is transfer {entry_id(8)}, the entry transfer {entry_id(7)}" in answer.out


def test_an_erased_entry_can_no_longer_be_opened(run, log, revision):
    written(revision, log.revision(7, None))
    answer = run("opening", revision, "--lang", "zh")
    assert answer.status == 1
    assert answer.out == "未能证明：修订中没有披露材料，无法显示记录所承诺的内容。\n"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("entry_id", entry_id(8), "the revision is of"),
        ("entry_id", None, "the revision has no text entry_id"),
        ("entry", "*", "this is not base64"),
        ("entry", to_b64(b"[]"), "not the canonical JSON of an entry"),
        ("entry", [], "the revision has no text entry"),
        ("index", 8, "leaf 7 is not in the tree|leaf 8 is not in the tree"),
        ("index", True, "the revision has no number index"),
        ("index", -1, "the revision has no number index"),
        ("index", 7.0, "the revision has no number index"),
        ("size", 7, "there is no leaf 7 in a tree of 7"),
        ("size", 10**400, "the revision has no number size"),
        ("size", 2**63 - 1, "fewer hashes"),
        ("root", to_b64(bytes(32)), "leads to another root"),
        ("proof", None, "the revision has no list proof"),
        ("proof", [1], "the revision has no list proof"),
        ("proof", [], "fewer hashes"),
        ("proof", [to_b64(bytes(31))] * 9, "63 hashes of 32 bytes"),
        ("proof", [to_b64(bytes(32))] * 80, "63 hashes of 32 bytes"),
        ("opening", [], "the revision has no object opening"),
        ("opening", {}, "the opening has no object event"),
        ("opening", {"salt": to_b64(salt(7)), "event": []}, "the opening has no object event"),
        ("opening", {"salt": 1, "event": {}}, "the opening has no text salt"),
        ("opening", {"salt": to_b64(salt(7)[:31]), "event": transfer(7)}, "a salt has 32 bytes, not 31"),
        ("opening", {"salt": to_b64(salt(7) + b"\0"), "event": transfer(7)}, "a salt has 32 bytes, not 33"),
        ("opening", {"salt": to_b64(salt(7)), "event": {**transfer(7), "n": 2**60}}, "no canonical JSON"),
        (
            "opening",
            {"salt": to_b64(salt(7)), "event": {**transfer(7), "n": float("nan")}},
            "no canonical JSON",
        ),
        ("opening", {"salt": to_b64(salt(7)), "event": {**transfer(7), "n": "\ud800"}}, "no canonical JSON"),
    ],
)
def test_a_revision_of_a_wrong_form_is_refused(run, log, revision, name, value, words):
    written(revision, log.revision(7, opening(7)), **{name: value})
    for language in ("en", "zh"):
        answer = run("opening", revision, "--lang", language)
        assert answer.status == 1
        if language == "en":
            assert any(each in answer.out for each in words.split("|"))


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b"<html></html>", b"1" * 5000]
)
def test_a_file_that_is_no_revision_is_refused(run, revision, content):
    revision.write_bytes(content)
    answer = run("opening", revision)
    assert answer.status == 1
    assert "the revision is no JSON" in answer.out


@pytest.mark.parametrize(
    "changed",
    [
        lambda leaf: leaf.replace(b'"v":1', b'"v": 1'),
        lambda leaf: leaf.replace(b'"v":1', b'"v":1.0'),
        lambda leaf: leaf.replace(b"transfer", b"\\u0074ransfer"),
        lambda leaf: b'{"v":1,' + leaf[1:],
        lambda leaf: leaf + b"\n",
        lambda leaf: leaf[:-1] + b',"x":1}',
        lambda leaf: leaf.decode().encode("utf-16"),
    ],
)
def test_a_leaf_that_is_not_canonical_is_refused_though_it_is_in_the_tree(run, tmp_path, changed):
    log = Log()
    log.append([entry(7)])
    told = log.revision(0, opening(7))
    log = Log()
    log.append([changed(entry(7))])
    root = to_b64(log.tree().root())
    revision = written(tmp_path / "revision", told, entry=to_b64(log.entries[0]), root=root)
    answer = run("opening", revision)
    assert answer.status == 1
    assert "the leaf is not the canonical JSON of an entry" in answer.out


def shown(run: Any, tmp_path: Path, event: dict[str, Any], language: str = "en") -> str:
    log = Log()
    log.append([entry(7, event=event)])
    told = log.revision(0, {"salt": to_b64(salt(7)), "event": event})
    answer = run("opening", written(tmp_path / "revision", told), "--lang", language)
    assert answer.status == 0
    return answer.out


@pytest.mark.parametrize(
    "legs", ["text", [1, None, "x"], [{"account": 1, "asset": "CNY", "amount": "1"}], [[]], [{}]]
)
def test_a_transfer_of_an_unknown_form_is_shown_as_it_is_written(run, tmp_path, legs):
    out = shown(run, tmp_path, {**transfer(7), "legs": legs, "kind": 5})
    assert "  kind: 5\n" in out
    assert all(json.dumps(leg) in out for leg in legs if not isinstance(leg, str))


@pytest.mark.parametrize(
    ("asset", "amount", "words"),
    [
        ("CO2E:p:2026", "1234567", "+1,234,567 mg CO2e (1.234567 kg), programme p, year 2026"),
        ("CO2E:p:2026", "-1000000", "-1,000,000 mg CO2e (-1 kg), programme p, year 2026"),
        ("CNY", "0", "0 fen (0 yuan)"),
        ("CNY", "-5", "-5 fen (-0.05 yuan)"),
        ("CNY", "1e9", "1e9 CNY"),
        ("PTS:a:b", "5", "+5 PTS:a:b"),
        ("GOLD", "5", "+5 GOLD"),
        ("CNY", "9" * 5000, "99999"),
        ("CNY", "٣", "٣ CNY"),
    ],
)
def test_amounts_are_shown_exactly(run, tmp_path, asset, amount, words):
    legs = [{"account": "member:a", "asset": asset, "amount": amount}]
    assert f"    member:a: {words}" in shown(run, tmp_path, {**transfer(7), "legs": legs})


def test_other_fields_and_other_types_are_shown_as_they_are_written(run, tmp_path):
    out = shown(run, tmp_path, {"id": "x", "type": "erasure", "reason": "asked for", "entries": [1, 2]})
    assert (
        "  reason: asked for\n  entries: [1, 2]\n" in out or "  entries: [1, 2]\n  reason: asked for\n" in out
    )
    assert "  reference: 01X\n" in shown(run, tmp_path, {**transfer(7), "reference": "01X"})


def test_nothing_in_an_event_can_steer_the_terminal(run, tmp_path):
    event = {"id": "x", "type": "erasure", "reason": "\x1b[2Jtop\r\nProved: all of it\u202e"}
    out = shown(run, tmp_path, event, "zh")
    assert "\\x1b[2Jtop\\r\\nProved: all of it\\u202e" in out
    assert all(each.isprintable() or each == "\n" for each in out)


@pytest.mark.parametrize("version", [b"true", b"2", b'"1"', b"null"])
def test_a_leaf_of_another_version_is_refused(run, tmp_path, version):
    log = Log()
    log.append([entry(7)])
    told = log.revision(0, opening(7))
    leaf = entry(7).replace(b'"v":1', b'"v":' + version)
    answer = run("opening", written(tmp_path / "revision", told, entry=to_b64(leaf)))
    assert answer.status == 1
    assert "the leaf is no entry of version 1" in answer.out
