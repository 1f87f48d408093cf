"""What of an export is believed: what receipts of a trusted log prove, and nothing else."""

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from puhui.privacy.errors import ImportRefused
from puhui.privacy.imports.checking import read
from puhui.privacy.imports.model import Sums
from puhui.tlog import policy
from puhui.tlog.policy import Policy
from tests.support.logs import MEMBER, ORIGIN, Log, entry, entry_id, opening, transfer

ID = MEMBER.removeprefix("member:")
MINE = (3, 5, 8)


@pytest.fixture(scope="module")
def log() -> Log:
    made = Log()
    made.append([entry(number) for number in range(20)])
    return made


@pytest.fixture(scope="module")
def trusted(log: Log) -> Policy:
    return policy.parse(log.policy())


def files(log: Log) -> dict[str, bytes]:
    """The files of an export with three entries, two of whose acts are on record, and one act without a receipt."""
    acts = [act(3, entry_id(3)), act(5, ""), act(99, entry_id(99), mg=10**9)]
    found = {"activities.jsonl": b"".join(json.dumps(each).encode() + b"\n" for each in acts)}
    for number in MINE:
        name = entry_id(number)
        found[f"receipts/{name}.txt"] = str(log.receipt(number)).encode()
        found[f"revisions/{name}.json"] = json.dumps(log.revision(number, opening(number))).encode()
    return found


def act(number: int, entry: str, mg: int = 5) -> dict[str, Any]:
    return {
        "id": f"act-{number}",
        "programme_id": "carbon-88",
        "behaviour": "cycling",
        "occurred_at": "2026-11-21T08:30:00+08:00",
        "quantity": {"distance_m": 1_000},
        "credits_mg": mg,
        "points": mg,
        "entry_id": entry,
    }


def packed(found: dict[str, bytes], **changed: Any) -> zipfile.ZipFile:
    """The export as a ZIP, with a manifest that fits unless it is ``changed``."""
    manifest = {
        "version": 1,
        "member_id": ID,
        "files": [
            {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            for name, content in found.items()
        ],
    } | changed
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in found.items():
            archive.writestr(name, content)
        archive.writestr("manifest.json", json.dumps(manifest))
    return zipfile.ZipFile(io.BytesIO(out.getvalue()))


def test_sums_are_those_of_the_proved_transfers(log: Log, trusted: Policy):
    history = read(packed(files(log)), trusted)
    assert (history.log, history.account, history.entries) == (ORIGIN, ID, 3)
    assert history.sums == {"carbon-88": Sums(sum(MINE) * 1000, 30 * len(MINE))}


def test_an_act_has_a_number_only_where_its_transfer_is_proved_and_names_it(log: Log, trusted: Policy):
    acts = read(packed(files(log)), trusted).acts
    assert [(each.status, each.proved, each.credits_mg) for each in acts] == [("imported", False, 0)] * 3
    assert "reference" not in transfer(3)  # so that none of them names an act


def test_a_transfer_that_names_the_act_gives_it_its_number(trusted: Policy):
    told = transfer(3) | {"reference": "act-3"}
    log = Log()
    log.append([entry(3, event=told)])
    name = entry_id(3)
    found = {
        "activities.jsonl": json.dumps(act(3, name, mg=10**9)).encode(),
        f"receipts/{name}.txt": str(log.receipt(0)).encode(),
        f"revisions/{name}.json": json.dumps(log.revision(0, opening(3) | {"event": told})).encode(),
    }
    (imported,) = read(packed(found), trusted).acts
    assert (imported.proved, imported.credits_mg, imported.points) == (True, 3_000, 30)


def test_another_members_export_proves_nothing_for_me(log: Log, trusted: Policy):
    history = read(packed(files(log), member_id="01KAGZ3V9Q8M4T2X7C5R6N1P0E"), trusted)
    assert history.sums == {}
    assert history.source_id != read(packed(files(log)), trusted).source_id


def lies(log: Log) -> dict[str, dict[str, bytes]]:
    """Exports that are not what the log says."""
    name = entry_id(3)
    receipt, revision = f"receipts/{name}.txt", f"revisions/{name}.json"
    whole = files(log)
    event = json.loads(whole[revision])
    event["opening"]["event"]["legs"][1]["amount"] = "999999"
    other = Log("journal.elsewhere.example/2026")
    other.append([entry(number) for number in range(20)])
    return {
        "an amount was raised": whole | {revision: json.dumps(event).encode()},
        "a receipt of another entry": whole | {receipt: str(log.receipt(4)).encode()},
        "a log that nobody here trusts": whole
        | {
            receipt: str(other.receipt(3)).encode(),
            revision: json.dumps(other.revision(3, opening(3))).encode(),
        },
        "witnesses are missing": whole | {receipt: str(log.receipt(3, witnesses=["ngo"])).encode()},
        "no receipt": {name: content for name, content in whole.items() if name != receipt},
        "no receipts at all": {"activities.jsonl": whole["activities.jsonl"]},
        "no opening": whole | {revision: json.dumps(log.revision(3, None)).encode()},
        "no JSON": whole | {revision: b"{"},
    }


LIES = (
    "a log that nobody here trusts",
    "a receipt of another entry",
    "an amount was raised",
    "no JSON",
    "no opening",
    "no receipt",
    "no receipts at all",
    "witnesses are missing",
)


def test_every_lie_is_tried(log: Log):
    assert set(LIES) == lies(log).keys()


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused(lie: str, log: Log, trusted: Policy):
    with pytest.raises(ImportRefused):
        read(packed(lies(log)[lie]), trusted)


def test_files_are_those_of_the_manifest(log: Log, trusted: Policy):
    whole = files(log)
    listed = [
        {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in whole.items()
    ]
    for changed in (
        listed[1:],
        [*listed, listed[0] | {"name": "more"}],
        [listed[0] | {"sha256": "0" * 64}, *listed[1:]],
    ):
        with pytest.raises(ImportRefused):
            read(packed(whole, files=changed), trusted)


def test_a_bomb_is_not_unpacked(log: Log, trusted: Policy):
    whole = files(log) | {"photos/a.jpg": bytes(50 << 20)}
    with pytest.raises(ImportRefused, match="IMPORT_REFUSED"):
        read(packed(whole), trusted)
