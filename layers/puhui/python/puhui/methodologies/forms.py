"""What a form needs to ask for an act's quantity: what each input is called, its unit, the names of choices; and caps in words.

The programme's document has the bounds, the methodology's the labels.
"""

from collections.abc import Mapping
from typing import Any

from puhui.kernel import quantity_words
from puhui.kernel.languages import counted
from puhui.kernel.quantities import grams_text
from puhui.kernel.words import Text
from puhui.methodologies import registry
from puhui.methodologies.errors import MethodologyNotFound
from puhui.methodologies.model import Input

_PER: Mapping[str, Text] = {
    "act": {"zh-CN": "每次", "en": "an act"},
    "day": {"zh-CN": "每天", "en": "a day"},
    "household_day": {"zh-CN": "每户每天", "en": "a household and day"},
}
_ACTS: Text = {"zh-CN": "次", "en": "acts"}


def labelled(behaviour: Mapping[str, Any]) -> dict[str, Any]:
    """The contract's Behaviour with names: ``title``, ``unit`` and ``enumNames`` in its ``quantity_schema``, ``text`` in each cap.

    A methodology that is not there (any more) leaves the inputs with the names that programs use.
    """
    try:
        found = registry.methodology(behaviour["methodology_id"], behaviour["methodology_version"]).inputs
    except MethodologyNotFound:
        found = ()
    inputs = {each.name: each for each in found}
    schema = behaviour["quantity_schema"]
    asked = {name: each | _names(inputs.get(name), each) for name, each in schema["properties"].items()}
    caps = [cap | {"text": _cap(cap, inputs)} for cap in behaviour["caps"]]
    return {**behaviour, "quantity_schema": {**schema, "properties": asked}, "caps": caps}


def _names(known: Input | None, schema: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"title": known.label} if known else {}
    if known and known.unit:
        shown["unit"] = {"symbol": known.unit.text, "name": quantity_words.unit(known.unit.text)}
    if "enum" in schema:
        shown["enumNames"] = [quantity_words.option(word) for word in schema["enum"]]
    return shown


def _cap(cap: Mapping[str, Any], inputs: Mapping[str, Input]) -> Text:
    per, limit, measure = _PER[cap["per"]], cap["limit"], cap["measure"]
    if measure == "mg":
        zh, en = f"{grams_text(limit)} 克减排量", f"{grams_text(limit)} g of CO2e"
    else:
        known = inputs.get(measure)
        unit = quantity_words.unit(known.unit.text) if known and known.unit else _ACTS
        zh, en = f"{limit} {unit['zh-CN']}", counted(limit, unit["en"])
    return {"zh-CN": f"{per['zh-CN']}最多计 {zh}", "en": f"At most {en} {per['en']}"}
