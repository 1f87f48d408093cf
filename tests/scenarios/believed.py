"""Copies of shipped programmes whose members are believed, for scenarios about what becomes of acts once they are in.

What lets an act in is played elsewhere (test_what_mere_word_gives.py); a copy differs from its preset in its id and in the bound
on acts without evidence, and in nothing else.
"""

import json
import time
from functools import cache
from typing import Any

import httpx

from infra.build.contract import ROOT
from tests.scenarios.life import Member

PRESETS = ROOT / "layers/puhui/python/puhui/programmes/presets"
NO_BOUND_MG = 10**12


@cache
def copy_of(preset: str, api: httpx.Client) -> str:
    """The id of a running copy, filed by one and started by another; one for each deployment."""
    document: dict[str, Any] = json.loads((PRESETS / f"{preset}.json").read_text(encoding="utf-8"))
    document |= {"id": f"{preset}-{time.time_ns()}", "self_declared": {"per_day_mg": NO_BOUND_MG}}
    author, approver = Member(api, "demo-authority-city"), Member(api, "demo-authority-province")
    filed = author.request("POST", "/programmes", json={"document": document})
    assert filed.status_code == 201, filed.text
    path = f"/programmes/{document['id']}/versions/{document['version']}"
    started = approver.request("POST", f"{path}/start", json={"hash": approver.get(path)["hash"]})
    assert started.status_code == 200, started.text
    return str(document["id"])
