"""Reads an export of another deployment and keeps what its log proves. Pure: nothing is believed that no receipt shows.

Each file has to be the one that the manifest names; each revision has to open its entry, which its receipt has to show in a log that
the operator trusts (``policy``), cosigned by that log's quorum. Sums are added up from the proved transfers, never read from a file.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from puhui.ledger.api import is_limited
from puhui.privacy.errors import ImportRefused
from puhui.privacy.imports.model import Act, History, Sums
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.policy import Policy
from puhui.verify import api as verify

MANIFEST, ACTS, REVISIONS, RECEIPTS = "manifest.json", "activities.jsonl", "revisions/", "receipts/"
MANIFEST_MAX, FILE_MAX, BYTES_MAX, FILES_MAX = 256 << 20, 4 << 20, 20 << 30, 2_000_000
RATIO_MAX = 200  # a file that is packed more tightly than any of ours is a bomb
CHUNK_BYTES = 1 << 20


def read(archive: ZipFile, policy: Policy) -> History:
    """What an export proves. Raises ImportRefused."""
    try:
        return _read(archive, policy)
    except (BadZipFile, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _refused("文件格式不对。", f"it is not an export ({type(error).__name__}).") from None


def _read(archive: ZipFile, policy: Policy) -> History:
    manifest = _small(archive, MANIFEST, MANIFEST_MAX)
    content = json.loads(manifest)
    _check_files(archive, content)
    account = f"member:{content['member_id']}"
    sums: dict[str, Sums] = defaultdict(Sums)
    given: dict[str, tuple[str, Mapping[str, Any]]] = {}
    entries, log = 0, ""
    for name in sorted(each for each in archive.namelist() if each.startswith(REVISIONS)):
        opened = _proved(archive, name, policy)
        assert opened.in_log is not None  # noqa: S101 there was a receipt
        entries, log = entries + 1, opened.in_log.state.log
        event = opened.event
        if event["type"] == "transfer" and any(leg["account"] == account for leg in event["legs"]):
            given[event["id"]] = str(event.get("reference", "")), event
            for programme_id, gained in _gained(event, account).items():
                before = sums[programme_id]
                sums[programme_id] = Sums(
                    before.credits_mg + gained.credits_mg, before.points + gained.points
                )
    if not entries:
        raise _refused("里面没有收据。", "it holds no receipt.")
    acts = tuple(_act(line, given, account) for line in _lines(archive, ACTS))
    digest = hashlib.sha256(manifest).hexdigest()
    return History(log, content["member_id"], digest, entries, dict(sums), acts)


def _check_files(archive: ZipFile, content: Mapping[str, Any]) -> None:
    """Each file is the manifest's, and there is no other."""
    listed = {each["name"]: each for each in content["files"]}
    found = [each for each in archive.infolist() if each.filename != MANIFEST]
    if len(found) > FILES_MAX or sum(each.file_size for each in found) > BYTES_MAX:
        raise _refused("文件太大。", "it is too large.")
    if sorted(each.filename for each in found) != sorted(listed):
        raise _refused("文件与清单不符。", "its files are not those of its manifest.")
    for info in found:
        digest, size = hashlib.sha256(), 0
        for chunk in _chunks(archive, info):
            digest.update(chunk)
            size += len(chunk)
        wanted = listed[info.filename]
        if (digest.hexdigest(), size) != (wanted["sha256"], wanted["size"]):
            raise _refused(f"{info.filename} 被改动过。", f"{info.filename} was altered.")


def _proved(archive: ZipFile, name: str, policy: Policy) -> verify.Opened:
    receipt = name.removeprefix(REVISIONS).removesuffix(".json")
    evidence = _small(archive, f"{RECEIPTS}{receipt}.txt"), policy
    try:
        return verify.check_opening(_small(archive, name), evidence)
    except (Malformed, NotProved) as error:
        raise _refused(f"{name} 没有通过核验。", f"{name}: {error}") from None


def _gained(event: Mapping[str, Any], account: str) -> dict[str, Sums]:
    """What a transfer gave the account, as the statement counts it: its own grams, and those it handed to the pool for points."""
    owners = [leg["account"] for leg in event["legs"] if is_limited(leg["account"])]
    gained: dict[str, Sums] = {}
    for leg in event["legs"]:
        kind, _, rest = leg["asset"].partition(":")
        mine = leg["account"] == account
        if kind == "CO2E" and (mine or (owners[0] == account and leg["account"].startswith("pool:"))):
            programme_id, mg, points = rest.rpartition(":")[0], int(leg["amount"]), 0
        elif kind == "PTS" and mine and int(leg["amount"]) > 0:
            programme_id, mg, points = rest, 0, int(leg["amount"])
        else:
            continue
        before = gained.get(programme_id, Sums())
        gained[programme_id] = Sums(before.credits_mg + mg, before.points + points)
    return gained


def _act(line: Mapping[str, Any], given: Mapping[str, tuple[str, Mapping[str, Any]]], account: str) -> Act:
    reference, event = given.get(str(line.get("entry_id", "")), ("", {}))
    act = Act(
        str(line["id"]),
        str(line["programme_id"]),
        str(line["behaviour"]),
        str(line["occurred_at"]),
        dict(line["quantity"]),
    )
    if not event or reference != act.id:
        return act
    gained = _gained(event, account).get(act.programme_id, Sums())
    return Act(
        act.id,
        act.programme_id,
        act.behaviour,
        act.occurred_at,
        act.quantity,
        gained.credits_mg,
        gained.points,
        proved=True,
    )


def _lines(archive: ZipFile, name: str) -> Iterator[dict[str, Any]]:
    with archive.open(name) as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _chunks(archive: ZipFile, info: ZipInfo) -> Iterator[bytes]:
    if info.file_size > RATIO_MAX * max(info.compress_size, 1) + CHUNK_BYTES:
        raise _refused(f"{info.filename} 压缩得不合常理。", f"{info.filename} is packed implausibly tightly.")
    with archive.open(info) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _small(archive: ZipFile, name: str, most: int = FILE_MAX) -> bytes:
    if archive.getinfo(name).file_size > most:
        raise _refused(f"{name} 太大。", f"{name} is too large.")
    return archive.read(name)


def _refused(zh: str, en: str) -> ImportRefused:
    return ImportRefused(why={"zh-CN": zh, "en": en})
