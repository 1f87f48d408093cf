"""Findings, in words and machine-readably."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from puhui.tlog.notes import to_b64
from puhui.verify import events
from puhui.verify.checks import OTHER_TYPES, Audited, Extended, InLog, Opened, State
from puhui.verify.explanations import Claimed, Recomputed
from puhui.verify.words import Language, count, say

Finding = InLog | Opened | Extended | Audited | Recomputed
_BEIJING = timezone(timedelta(hours=8))


def lines(finding: Finding, language: Language) -> Iterator[str]:
    """What was proved and by whom it was cosigned when, and what was not checked."""
    match finding:
        case InLog():
            yield from _in_log(finding, language)
        case Opened():
            yield from _opened(finding, language)
        case Extended():
            yield from _extended(finding, language)
        case Audited():
            yield from _audited(finding, language)
        case Recomputed():
            yield from _recomputed(finding, language)


def values(finding: Finding) -> dict[str, Any]:
    """The finding as a JSON object's members."""
    match finding:
        case InLog():
            return _in_log_values(finding)
        case Opened(in_log=in_log):
            return {
                "entry": _entry_values(finding),
                "event": finding.event,
                "index": finding.index,
                "size": finding.size,
                "root": to_b64(finding.root),
                "root_is_cosigned": in_log is not None,
                "receipt": _in_log_values(in_log) if in_log else None,
            }
        case Extended():
            return {"old": _state_values(finding.old), "new": _state_values(finding.new)}
        case Audited():
            return {
                "state": _state_values(finding.state),
                "entries_by_type": finding.types,
                "policy_from_the_log": finding.own_policy,
            }
        case Recomputed():
            return asdict(finding)


def moment(seconds: int, language: Language) -> str:
    """A cosignature's time (Unix seconds): in Beijing time for readers of Chinese, in UTC for others."""
    try:
        if language == "zh":
            return f"{datetime.fromtimestamp(seconds, _BEIJING):%Y-%m-%d %H:%M:%S}（北京时间）"
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return say(language, "{seconds} seconds after 1970, which is no date", seconds=seconds)


def _in_log(found: InLog, language: Language) -> Iterator[str]:
    yield say(
        language,
        "Proved: this entry is number {index} (counted from 0) in the log {log}, in a tree of {entries}.",
        index=f"{found.index:,}",
        log=found.state.log,
        entries=count(found.state.size, language),
    )
    yield from _state(found.state, language)
    entry = found.entry
    if entry:
        entry_fields = {"type": entry.type, "id": entry.id, "at": entry.at}
        yield say(language, "The entry: type {type}, id {id}, time {at}.", **entry_fields)
    elif found.hash_only:
        yield say(language, "Only the hash of the entry was given: what the entry says is not shown.")
    else:
        yield say(language, "The entry does not have the form of this journal's entries: it is not shown.")


def _opened(found: Opened, language: Language) -> Iterator[str]:
    entry = found.entry
    yield say(
        language,
        "Proved: the event below, and no other, is what entry {id} (type {type}, time {at}) commits to.",
        id=entry.id,
        type=entry.type,
        at=entry.at,
    )
    yield say(
        language,
        "Proved: this entry is in the tree with the root {root}; by the file it is number {index} (counted from 0) of {entries}.",
        index=f"{found.index:,}",
        entries=count(found.size, language),
        root=to_b64(found.root),
    )
    if found.in_log:
        state = found.in_log.state
        yield say(
            language,
            "Proved by the receipt: the entry is number {index} (counted from 0) in the log {log}, in a tree of {entries}.",
            index=f"{found.in_log.index:,}",
            log=state.log,
            entries=count(state.size, language),
        )
        yield from _state(state, language)
    else:
        yield say(
            language,
            "NOT CHECKED: this root was not compared with a cosigned checkpoint; whoever gave the file could have made it "
            "up. Give --policy and --receipt to check that too.",
        )
    yield say(language, "The event:")
    yield from events.lines(found.event, language)


def _extended(found: Extended, language: Language) -> Iterator[str]:
    old, new = found.old, found.new
    sizes = {"new": count(new.size, language), "old": count(old.size, language)}
    if old.size == new.size:
        yield say(
            language, "Proved: both checkpoints are of the same {new} of the log {log}.", **sizes, log=new.log
        )
    else:
        yield say(
            language,
            "Proved: the log {log}, now of {new}, contains all of the old one ({old}), unchanged and at the same places.",
            **sizes,
            log=new.log,
        )
    yield say(language, "The new checkpoint ({entries}):", entries=sizes["new"])
    yield from _state(new, language)
    yield say(language, "The old checkpoint ({entries}):", entries=sizes["old"])
    yield from _state(old, language)


def _audited(found: Audited, language: Language) -> Iterator[str]:
    state = found.state
    yield say(
        language,
        "Proved: all {entries} of the log {log} were read, and they lead to the root of its checkpoint.",
        entries=count(state.size, language),
        log=state.log,
    )
    yield from _state(state, language)
    if found.types:
        yield say(language, "Entries by type:")
    for name, number in sorted(found.types.items()):
        shown = say(language, "(other types)") if name == OTHER_TYPES else name
        yield f"  {shown}: {number:,}"
    yield say(
        language,
        "Checked: the checkpoint's signatures, each entry's hash, each tile, the root, and that each entry is canonical "
        "JSON of an entry's form.",
    )
    yield say(
        language,
        'Not checked: whether ids occur twice, whether "prev" names an entry before, and what is behind the commitments '
        "(see the opening command).",
    )
    if found.own_policy:
        yield say(
            language,
            "Beware: the policy came from the log itself, so whoever keeps the log chose the witnesses. Give --policy with a "
            "copy that you trust.",
        )


def _recomputed(found: Recomputed, language: Language) -> Iterator[str]:
    yield say(
        language,
        "Proved: computed again from the explanation alone, the act avoids {mg} mg of CO2e, as it says.",
        mg=f"{found.reduction_mg:,}",
    )
    yield say(language, "  Methodology {methodology}", methodology=found.methodology)
    for line, formula in found.lines:
        yield f"  {line} = {formula}"
    for name, value, of in found.inputs:
        yield say(language, "  {name} = {value} {unit}", name=name, value=f"{value:,}", unit=of)
    for factor, exact, of in found.factors:
        yield say(language, "  {name} = {value} {unit}", name=factor, value=exact, unit=of)
    if found.discount != "0":
        yield say(language, "  less a share of {discount}", discount=found.discount)
    if found.cap_mg is not None:
        yield say(language, "  and no more than {mg} mg an act", mg=f"{found.cap_mg:,}")
    yield say(
        language,
        "Proved: what it says was credited, {mg} mg, is no more than that and than the caps that it names.",
        mg=f"{found.credits_mg:,}",
    )
    if not found.from_document:
        yield say(
            language,
            "NOT CHECKED: whether this formula is the published one; give --methodology to check that too.",
        )
    yield from _claimed(found.claimed, language)


def _claimed(claimed: Claimed, language: Language) -> Iterator[str]:
    yield say(language, "CLAIMED, NOT CHECKED: what an explanation says and cannot show by itself:")
    yield say(language, "  Points given: {points}", points=f"{claimed.points:,}")
    yield say(language, "  The formula in words: {formula}", formula=claimed.formula)
    for factor in claimed.factors:
        yield say(
            language,
            "  {name} comes from {publisher}: {document}; mark {mark}",
            name=f"{factor['id']}@{factor['version']}",
            **{key: factor[key] for key in ("publisher", "document", "mark")},
        )
    for cap in claimed.caps:
        text = "  Cap: {limit} {measure} per {per}"
        if cap["applied"]:
            text = (
                "  Cap: {limit} {measure} per {per}; it made less count, as what was left of it is said to be"
            )
        yield say(language, text, **{key: cap[key] for key in ("limit", "measure", "per")})
    if claimed.correction:
        yield say(
            language,
            "  Corrected: {factor} gave way to {replacement}, {from_mg} mg to {to_mg} mg, because: {reason}",
            **{
                key: claimed.correction[key]
                for key in ("factor", "replacement", "from_mg", "to_mg", "reason")
            },
        )
    sentence = claimed.sentence.get("zh-CN" if language == "zh" else "en", "")
    yield say(language, "  In words: {sentence}", sentence=sentence)


def _state(state: State, language: Language) -> Iterator[str]:
    yield say(language, "  Root of the tree: {root}", root=to_b64(state.root))
    if state.cosigned:
        yield say(language, "  Cosigned by:")
    for name, seconds in state.cosigned.items():
        yield say(language, "    {witness}, {time}", witness=name, time=moment(seconds, language))
    if state.needs_nobody:
        yield say(
            language,
            "  Beware: the policy asks for no cosignatures; only the log's own signature was asked for.",
        )
    elif state.quorum_met:
        yield say(language, "  The quorum {quorum} is met.", quorum=state.quorum)
    else:
        yield say(language, "  Beware: the quorum {quorum} is NOT met.", quorum=state.quorum)


def _in_log_values(found: InLog) -> dict[str, Any]:
    state = _state_values(found.state)
    return {"index": found.index, "state": state, "entry": _entry_values(found)}


def _entry_values(found: InLog | Opened) -> dict[str, Any] | None:
    if found.entry is None:
        return None
    return {
        name: to_b64(each) if isinstance(each, bytes) else each for name, each in asdict(found.entry).items()
    }


def _state_values(state: State) -> dict[str, Any]:
    return {
        "log": state.log,
        "size": state.size,
        "root": to_b64(state.root),
        "cosigned": _cosigned_values(state.cosigned),
        "quorum": state.quorum,
        "quorum_met": state.quorum_met,
    }


def _cosigned_values(cosigned: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"witness": name, "at": _iso(seconds), "seconds": seconds} for name, seconds in cosigned.items()]


def _iso(seconds: int) -> str | None:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):
        return None


def as_json(answer: Mapping[str, Any]) -> str:
    """One JSON object as text; ASCII, so that nothing in it can steer a terminal."""
    return json.dumps(answer, indent=2)
