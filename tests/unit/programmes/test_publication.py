"""A programme's document is checked before it is published, and a fault is named with its path."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from puhui.kernel.documents import DOCUMENT_BYTES_MAX, DocumentInvalid
from puhui.programmes import presets, publication

PRESETS = sorted((Path(presets.__file__).parent / "presets").glob("*.json"))
Change = Callable[[dict[str, Any]], object]


def _document(name: str = "carbon-88") -> dict[str, Any]:
    (path,) = (preset for preset in PRESETS if preset.stem == name)
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def _refused(text: bytes) -> tuple[str, str]:
    with pytest.raises(DocumentInvalid) as raised:
        publication.check(text)
    return raised.value.details["pointer"], raised.value.text("en")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_a_preset_is_a_valid_document_named_like_its_file(preset: Path) -> None:
    programme = publication.check(preset.read_bytes())
    assert programme.id == preset.stem
    assert programme == presets.read(preset.stem)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda d: d.pop("operator"), "/operator"),
        (lambda d: d.update(extra=1), "/extra"),
        (lambda d: d.update(id="carbon-88\n"), "/id"),
        (lambda d: d["points"].update(mg_per_point=0), "/points/mg_per_point"),
        (lambda d: d["gates"].update(export="no"), "/gates/export"),
        (lambda d: d["gates"].pop("cash_out"), "/gates/cash_out"),
        (lambda d: d["behaviours"][1].update(evidence="oath"), "/behaviours/1/evidence"),
        (lambda d: d["behaviours"][1].update(id="walking"), "/behaviours/1/evidence"),
        (lambda d: d["behaviours"][1]["caps"].update(per_day_acts=-1), "/behaviours/1/caps/per_day_acts"),
        (
            lambda d: d["behaviours"][0]["quantity"]["trips"].update(max=10**10),
            "/behaviours/0/quantity/trips",
        ),
        (lambda d: d["behaviours"][0]["quantity"]["trips"].update(min=9), "/behaviours/0/quantity/trips"),
        (lambda d: d["behaviours"][0].update(measure="miles"), "/behaviours/0/measure"),
        (lambda d: d["behaviours"][3]["occupies"].update(quantity="miles"), "/behaviours/3/occupies"),
        (
            lambda d: d["behaviours"][3]["occupies"]["least"].update(per=10_000),
            "/behaviours/3/occupies/least",
        ),
        (lambda d: d["behaviours"].append(d["behaviours"][0]), "/behaviours/5/id"),
    ],
)
def test_a_fault_is_refused_with_the_path_to_it(change: Change, pointer: str) -> None:
    document = _document()
    change(document)
    assert _refused(json.dumps(document).encode())[0] == pointer


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda c: c.update(rule="lottery"), "/claim/rule"),
        (lambda c: c.update(rule="automatic"), "/claim/matures_after"),
        (lambda c: c.pop("collect_within"), "/claim/collect_within"),
        (lambda c: c.update(matures_after={"hours": 1, "days": 1}), "/claim/matures_after"),
        (lambda c: c.update(matures_after={}), "/claim/matures_after"),
        (lambda c: c.update(matures_after={"hours": -1}), "/claim/matures_after/hours"),
        (lambda c: c.update(collect_within={"days": 32}), "/claim/collect_within/days"),
        (lambda c: c.update(collect_within={"hours": 0}), "/claim/collect_within"),
        (lambda c: c.update(window_days=5), "/claim/window_days"),
        (lambda c: c["friends"].update(share_max_percent=0), "/claim/friends/share_max_percent"),
        (lambda c: c["friends"].update(share_max_percent=41), "/claim/friends/share_max_percent"),
        (lambda c: c["friends"].update(per_act_max_mg=999), "/claim/friends/per_act_max_mg"),
        (lambda c: c["friends"].update(per_day_max_mg=49_999), "/claim/friends/per_day_max_mg"),
        (lambda c: c["friends"].update(grace_minutes=72 * 60), "/claim/friends/grace_minutes"),
        (lambda c: c["friends"].pop("grace_minutes"), "/claim/friends/grace_minutes"),
    ],
)
def test_a_fault_in_the_claim_rule_is_refused_with_the_path_to_it(change: Change, pointer: str) -> None:
    document = _document("ant-forest")
    change(document["claim"])
    assert _refused(json.dumps(document).encode())[0] == pointer


def test_friends_need_points_to_take() -> None:
    document = _document("ant-forest")
    document["points"] = None
    assert _refused(json.dumps(document).encode())[0] == "/claim/friends"


def test_a_household_has_no_cap_on_one_persons_steps() -> None:
    document = _document("ant-forest")
    document["behaviours"][0]["caps"]["per_household_day_mg"] = 1000
    assert _refused(json.dumps(document).encode())[0] == "/behaviours/0/caps/per_household_day_mg"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (b"{", "Expecting"),
        (b"\xff", "utf-8"),
        (b"[" * 100_000, "deep"),
        (b'{"id": "a", "id": "b"}', "twice"),
        (b'{"points": 1.5}', "no integer"),
        (b'{"points": 1e400}', "no integer"),
        (b'{"points": NaN}', "no integer"),
        (b'{"points": ' + b"9" * 5000 + b"}", "digits"),
        (b" " * (DOCUMENT_BYTES_MAX + 1), "bytes"),
    ],
    ids=["broken", "not text", "nested", "repeated", "float", "exponent", "nan", "long number", "huge"],
)
def test_a_hostile_text_is_refused(text: bytes, detail: str) -> None:
    assert detail in _refused(text)[1]
