"""A draft that is tried is read as strictly as one that is filed."""

import json
from collections.abc import Callable

import pytest

from puhui.kernel import clock
from puhui.laboratory.model import Trial
from puhui.laboratory.repository import Trials
from puhui.laboratory.usecases import start_trial
from puhui.methodologies import api as methodologies
from puhui.methodologies import usecases
from puhui.store.client import DynamoDB
from tests.support.gateway import call

DRAFT = usecases.get_methodology_version("cycling-instead-of-car", "1")["document"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(DRAFT).replace('"min": 1,', '"min": 1.0,'),
        json.dumps(DRAFT).replace('"min": 1,', '"min": 1e0,'),
        json.dumps(DRAFT).replace('"min": 1,', '"min": 1, "min": 2,'),
        json.dumps(DRAFT).replace('"min": 1,', '"min": -1,'),
        json.dumps(DRAFT).replace('"min": 1,', '"min": 1' + "0" * 400 + ","),
        json.dumps({**DRAFT, "sources": json.loads("[" * 50 + "]" * 50)}),
    ],
    ids=["a decimal", "an exponent", "a member twice", "below zero", "endless", "nested"],
)
def test_numbers_that_are_no_whole_ones_are_refused(text: str, function_environment: None) -> None:
    assert text != json.dumps(DRAFT)
    body = f'{{"programme_id": "carbon-88", "days": 7, "document": {text}}}'
    answer = call(
        "start_trial",
        member="01KAGZ3V9Q8M4T2X7C5R6N1P0D",
        roles=("operator",),
        path={"methodology_id": "cycling-instead-of-car"},
        body=body,
    )
    twice = '"min": 2' in text  # what appears twice no body may have
    refused = (400, "INVALID_REQUEST") if twice else (422, "DOCUMENT_INVALID")
    assert (answer.status, answer.json["code"]) == refused, answer.text


@pytest.mark.parametrize("same", [True, False])
def test_a_key_is_of_one_draft(make_table: Callable[[str], str], same: bool):
    trials = Trials(DynamoDB(), make_table("laboratory"))
    draft = methodologies.published("cycling-instead-of-car", "1")

    def start(methodology_id: str) -> Trial:
        return start_trial(
            methodology_id,
            draft,
            {"programme_id": "carbon-88", "days": 7},
            started_by="A" * 26,
            key="k",
            body_hash="h",
            trials=trials,
            now=clock.from_text("2026-11-21T12:00:00+08:00"),
        )

    first = start("cycling-instead-of-car")
    second = start("cycling-instead-of-car" if same else "walking-instead-of-car")
    assert (second == first) is same
    assert same or second.methodology_id == "walking-instead-of-car"
