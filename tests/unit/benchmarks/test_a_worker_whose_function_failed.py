"""The ninth mend of infra/local/mended_ministack.py: a worker whose function raised answers the next request; one that ran out of
time does not."""

import io
import zipfile
from collections.abc import Iterator

import pytest
from ministack.core import lambda_runtime

from infra.local import mended_ministack

CODE = """
import os, time

def handler(event, context):
    if event == "raise":
        raise ValueError(str(os.getpid()))
    if event == "sleep":
        time.sleep(60)
    return os.getpid()
"""


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[lambda_runtime.Worker]:
    monkeypatch.setattr(lambda_runtime, "_signal", mended_ministack.end_later)
    monkeypatch.setattr(lambda_runtime, "_collect", mended_ministack.collect_later)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("app.py", CODE)
    config = {
        "FunctionName": "f",
        "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f",
        "Runtime": "python3.13",
        "Handler": "app.handler",
        "Timeout": 1,
    }
    made = lambda_runtime.Worker("f", config, archive.getvalue())
    yield made
    lambda_runtime.kill_workers([made])


def test_a_worker_whose_function_raised_is_kept(worker: lambda_runtime.Worker) -> None:
    pid = mended_ministack.invoke(worker, "fine", "1")["result"]
    failed = mended_ministack.invoke(worker, "raise", "2")
    assert (failed["status"], failed["error"]) == ("error", str(pid))
    assert mended_ministack.invoke(worker, "fine", "3")["result"] == pid


def test_a_worker_that_ran_out_of_time_is_ended(worker: lambda_runtime.Worker) -> None:
    pid = mended_ministack.invoke(worker, "fine", "1")["result"]
    process = worker._proc
    assert "timed out" in mended_ministack.invoke(worker, "sleep", "2")["error"]
    assert process.poll() is not None
    assert mended_ministack.invoke(worker, "fine", "3")["result"] != pid
