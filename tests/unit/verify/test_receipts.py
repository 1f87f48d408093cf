"""puhui-verify receipt."""

from base64 import b64encode
from pathlib import Path

import pytest

from puhui.tlog import merkle
from tests.support.logs import Log, entry_id
from tests.unit.verify.conftest import Run, flipped


@pytest.fixture
def receipt(log: Log, tmp_path: Path) -> Path:
    path = tmp_path / "entry.tlog-proof"
    path.write_text(str(log.receipt(42)))
    return path


@pytest.fixture
def leaf(log: Log, tmp_path: Path) -> Path:
    path = tmp_path / "entry"
    path.write_bytes(log.entries[42])
    return path


def test_a_receipt_says_where_the_entry_is_and_who_cosigned_when(run, receipt, leaf, policy):
    answer = run("receipt", receipt, "--policy", policy, "--entry", leaf)
    assert answer.status == 0
    assert answer.err == ""
    assert "number 42 (counted from 0)" in answer.out
    assert "in the log journal.greenpoints.example/2026, in a tree of 300 entries." in answer.out
    assert "enterprise1, 2026-11-21 00:30:00 UTC" in answer.out
    assert "ngo1, 2026-11-21 00:30:20 UTC" in answer.out
    assert "The quorum alliance is met." in answer.out
    assert f"The entry: type transfer, id {entry_id(42)}, time 2026-11-21T08:30:00+08:00." in answer.out


def test_a_receipt_is_explained_in_chinese(run, receipt, leaf, policy):
    answer = run("receipt", receipt, "--policy", policy, "--entry", leaf, "--lang", "zh")
    assert answer.status == 0
    assert (
        "已证明：这条记录是存证日志 journal.greenpoints.example/2026 的第 42 号（从 0 起编号），所在的默克尔树共有 300 条记录。"
        in answer.out
    )
    assert "    enterprise1，2026-11-21 08:30:00（北京时间）" in answer.out
    assert "联署要求 alliance 已满足。" in answer.out


def test_the_language_follows_lang(run, receipt, leaf, policy, monkeypatch):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert run("receipt", receipt, "--policy", policy, "--entry", leaf).out.startswith("已证明")
    monkeypatch.delenv("LANG")
    assert run("receipt", receipt, "--policy", policy, "--entry", leaf).out.startswith("Proved")


def test_the_same_is_told_machine_readably(run, log, receipt, leaf, policy):
    answer = run("--json", "receipt", receipt, "--policy", policy, "--entry", leaf)
    told = answer.told
    assert (answer.status, told["proved"], told["command"], told["index"]) == (0, True, "receipt", 42)
    assert told["state"]["size"] == 300
    assert told["state"]["root"] == b64encode(log.tree().root()).decode()
    assert told["state"]["cosigned"][1] == {
        "witness": "government1",
        "at": "2026-11-21T00:30:10Z",
        "seconds": 1795221010,
    }
    assert told["entry"]["id"] == entry_id(42)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_entry_may_be_given_as_base64_or_by_its_hash(run, log, receipt, policy, language):
    text = b64encode(log.entries[42]).decode()
    digest = merkle.leaf_hash(log.entries[42]).hex()
    assert run("receipt", receipt, "--policy", policy, "--entry-base64", text, "--lang", language).status == 0
    answer = run("receipt", receipt, "--policy", policy, "--leaf-hash", digest, "--lang", language)
    assert answer.status == 0
    assert {"en": "Only the hash", "zh": "只给出了记录的哈希值"}[language] in answer.out


@pytest.mark.parametrize("content", [b"anything at all", b'{"v":1}', b"", b"\xff\x00"])
def test_an_entry_of_another_form_is_in_the_log_all_the_same(run, policy, tmp_path, content):
    log = Log()
    log.append([content])
    (tmp_path / "receipt").write_text(str(log.receipt(0)))
    (tmp_path / "entry").write_bytes(content)
    answer = run("receipt", tmp_path / "receipt", "--policy", policy, "--entry", tmp_path / "entry")
    assert answer.status == 0
    assert "in a tree of 1 entry." in answer.out
    assert "does not have the form" in answer.out


@pytest.mark.slow
def test_no_flipped_bit_of_a_receipt_is_accepted(run, receipt, leaf, policy):
    for data in flipped(receipt.read_bytes()):
        receipt.write_bytes(data)
        answer = run("receipt", receipt, "--policy", policy, "--entry", leaf)
        assert answer.status == 1, data
        assert answer.out.startswith("NOT PROVED: ")
        assert answer.out.count("\n") == 1


def test_no_flipped_bit_of_an_entry_is_accepted(run, receipt, leaf, policy):
    for data in flipped(leaf.read_bytes()):
        leaf.write_bytes(data)
        answer = run("receipt", receipt, "--policy", policy, "--entry", leaf)
        assert answer.status == 1
        assert "leaf 42 is not in the tree of 300" in answer.out


def test_no_flipped_bit_in_a_policys_keys_is_accepted(run, receipt, leaf, policy):
    text = policy.read_bytes()
    for i, data in enumerate(flipped(text)):
        line = text[text.rfind(b"\n", 0, i) + 1 :].split(b"\n")[0]
        if line.startswith((b"log", b"quorum", b"group alliance")):
            policy.write_bytes(data)
            answer = run("receipt", receipt, "--policy", policy, "--entry", leaf)
            assert answer.status in (1, 2), data


def test_a_truncated_proof_is_refused(run, log, receipt, leaf, policy):
    lines = receipt.read_text().split("\n")
    receipt.write_text("\n".join([*lines[:2], *lines[3:]]))
    answer = run("receipt", receipt, "--policy", policy, "--entry", leaf)
    assert answer.status == 1
    assert "the proof has fewer hashes than the tree has levels" in answer.out
    answer = run("receipt", receipt, "--policy", policy, "--entry", leaf, "--lang", "zh")
    assert answer.out == "未能证明：证明中的哈希值少于默克尔树的层数。\n"


def test_a_receipt_cut_anywhere_is_refused(run, receipt, leaf, policy):
    data = receipt.read_bytes()
    for length in range(len(data)):
        receipt.write_bytes(data[:length])
        assert run("receipt", receipt, "--policy", policy, "--entry", leaf).status == 1


@pytest.mark.parametrize("missing", ["enterprise", "government", "ngo"])
def test_a_quorum_that_lacks_a_member_is_no_proof(run, log, receipt, leaf, policy, missing):
    there = [name for name in log.witnesses if name != missing]
    receipt.write_text(str(log.receipt(42, witnesses=there)))
    answer = run("receipt", receipt, "--policy", policy, "--entry", leaf)
    assert answer.status == 1
    assert (
        f"the quorum alliance has not cosigned the checkpoint of 300: only {there[0]}1, {there[1]}1"
        in answer.out
    )
    policy.write_text(log.policy(enough="2"))
    assert run("receipt", receipt, "--policy", policy, "--entry", leaf).status == 0


def test_a_checkpoint_that_nobody_cosigned_says_so_in_chinese(run, log, receipt, leaf, policy):
    receipt.write_text(str(log.receipt(42, witnesses=[])))
    answer = run("receipt", receipt, "--policy", policy, "--entry", leaf, "--lang", "zh")
    assert answer.status == 1
    assert answer.out == "未能证明：300 条记录的检查点没有满足联署要求 alliance：联署的只有 无。\n"


def test_a_policy_without_a_quorum_is_called_by_its_name(run, log, receipt, leaf, policy):
    receipt.write_text(str(log.receipt(42, witnesses=[])))
    policy.write_text(log.policy(quorum="none"))
    answer = run("receipt", receipt, "--policy", policy, "--entry", leaf)
    assert answer.status == 0
    assert "Beware: the policy asks for no cosignatures" in answer.out


def test_the_policy_of_another_log_proves_nothing(run, receipt, leaf, policy):
    policy.write_text(Log("journal.other.example/2026").policy())
    answer = run("receipt", receipt, "--policy", policy, "--entry", leaf)
    assert answer.status == 1
    assert "the log's own signature (journal.other.example/2026) is missing" in answer.out


def test_a_cosignature_at_an_impossible_time_is_shown_as_it_is(run, log, receipt, leaf, policy):
    receipt.write_text(str(log.receipt(42, at=2**62)))
    answer = run("receipt", receipt, "--policy", policy, "--entry", leaf)
    assert answer.status == 0
    assert "4611686018427387904 seconds after 1970, which is no date" in answer.out
    told = run("receipt", receipt, "--policy", policy, "--entry", leaf, "--json").told
    assert told["state"]["cosigned"][0]["at"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required"),
        (["nonsense"], "invalid choice"),
        (["receipt"], "the following arguments are required"),
        (["receipt", "r", "--policy", "p"], "one of the arguments"),
        (["receipt", "r", "--policy", "p", "--entry", "e", "--leaf-hash", "00"], "not allowed with"),
        (["receipt", "r", "--policy", "p", "--entry"], "expected one argument"),
        (["receipt", "r", "--policy", "p", "--entry", "e", "more"], "unrecognized arguments: more"),
        (["receipt", "r", "--policy", "p", "--leaf-hash", "00"], "--leaf-hash takes 64 hexadecimal digits"),
        (["receipt", "r", "--policy", "p", "--leaf-hash", "zz" * 32], "64 hexadecimal digits"),
        (["receipt", "r", "--policy", "p", "--entry-base64", "*"], "this is not base64"),
        (["receipt", "r", "--policy", "p", "--leaf-hash", "00" * 32], "there is no file r"),
        (["receipt", "r", "--policy", "p", "--entry", "e\0"], "cannot be read"),
        (["receipt", "r", "--policy", "p", "--entry", "."], "cannot be read"),
        (["receipt", "r", "--policy", "p", "--entry", "e", "--lang", "fr"], "invalid choice"),
    ],
)
def test_a_wrong_call_is_explained(run: Run, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    answer = run(*arguments)
    assert answer.status == 2
    assert answer.out == ""
    assert answer.err.startswith("ERROR: ")
    assert words in answer.err
    told = run(*arguments, "--json")
    assert told.status == 2
    assert words in told.told["reason"] or "expected one argument" in words
    assert (told.told["proved"], told.told["readable"]) == (False, False)
    if "fr" not in arguments:
        in_chinese = run(*arguments[:1], *arguments[1:], "--lang=zh")
        assert in_chinese.err.startswith("出错：")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"log x\n", b"nonsense\n"])
def test_an_unusable_policy_is_an_error_and_no_verdict(run, receipt, leaf, policy, content):
    policy.write_bytes(content)
    answer = run("receipt", receipt, "--policy", policy, "--entry", leaf)
    assert answer.status == 2
    assert "alliance.policy is unusable" in answer.err


def test_groups_nested_a_thousand_deep_are_no_trouble(run, log, receipt, leaf, policy):
    text = log.policy().replace("quorum alliance\n", "")
    text += "group g0 any alliance\n" + "".join(f"group g{i + 1} any g{i}\n" for i in range(3000))
    policy.write_text(text + "quorum g3000\n")
    assert run("receipt", receipt, "--policy", policy, "--entry", leaf).status == 0


@pytest.mark.parametrize("command", [[], ["receipt"], ["opening"], ["consistency"], ["log"]])
@pytest.mark.parametrize(("language", "words"), [("zh", "选项"), ("en", "Options")])
def test_help_is_given_in_the_readers_language(run, command, language, words):
    answer = run("--lang", language, *command, "--help")
    assert answer.status == 0
    assert words in answer.out
