"""ministack 1.5.33 with nine faults of its mended, and those of its API Gateway (``mended_gateway``). Each has its test: 1 and 3 in tests/integration/test_local_cloud.py, 2 in
tests/faults/test_an_emulator_that_is_killed.py, 4 in tests/scenarios/test_rush.py, 5 in
tests/unit/benchmarks/test_failed_records_come_again.py, 6 in tests/scenarios/test_partners_orders.py, 7 in
tests/unit/benchmarks/test_a_task_whose_function_died.py, 8 in
tests/unit/benchmarks/test_failures_have_their_names.py, 9 in tests/unit/benchmarks/test_a_worker_whose_function_failed.py.

1. An update of a nested stack forgets the attributes of what did not change: the first ``!GetAtt Role.Arn`` then fails
   with "Requested attribute Arn does not exist in schema for AWS::IAM::Role".
2. It saves its state at a graceful stop only, and without the changes that streams' consumers still had to see: see
   ``kept_ministack``.
3. An execution that waits for a task token keeps the process from ending, after its state was saved.
4. A worker that dies while it starts takes all other workers of its function with it, those at work and those that are starting
   too: under load none ever comes up again.
5. What a consumer of a table's stream reports as failed (ReportBatchItemFailures) is not delivered again, but lost. Here, as
   Lambda does it, the next delivery begins with the first failed record, and one that has failed too often is let go.
6. A task whose TimeoutSeconds is a JSONata expression, which the state language allows, fails with a TypeError.
7. A task that waits for its token waits until its time is over when the function that should bring the token away has failed.
8. Every failure of a function is called Runtime.HandlerError, where Lambda gives the exception's class: no state machine could
   catch one by its name.
9. A worker whose function raised is ended, so that the next request starts a new one: each bad token took a second. Lambda keeps
   it; only one that ran out of time, died or said nonsense is ended.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import lambda_svc, stepfunctions
from ministack.services.cloudformation import _stacks, provisioners

from infra.local import mended_gateway, workers
from infra.local.kept_ministack import SAVE, Keeper

_before: ContextVar[dict[str, Any]] = ContextVar("resources of the nested stack before its update")
_deploy = provisioners._cfn_nested_stack_deploy  # noqa: SLF001 the faults are inside
_update = provisioners._update_resource  # noqa: SLF001
_serve = app.app
_invoke = lambda_runtime.Worker.invoke
_signal, _collect = lambda_runtime._signal, lambda_runtime._collect  # noqa: SLF001
_spared = threading.local()
_execute = lambda_svc._execute_function  # noqa: SLF001
_task = stepfunctions._execute_task  # noqa: SLF001
_await = stepfunctions._invoke_with_callback  # noqa: SLF001
_call = stepfunctions._call_lambda  # noqa: SLF001
_awaited: ContextVar[str] = ContextVar("the token of the task whose function is called", default="")
_failure: ContextVar[str] = ContextVar("the class of what the function has just failed with", default="")
_deliveries: Counter[tuple[str, str]] = Counter()
_begins: dict[
    tuple[str, str], str
] = {}  # by function and stream: the record with which its next delivery begins
_lines = workers.lines()
DELIVERIES_MAX = 11  # MaximumRetryAttempts of our stacks, and the first one


def deploy_nested(*arguments: Any, previous_physical_id: str | None = None, **more: Any) -> Any:
    """Remember the nested stack's resources while it is deployed."""
    stack = _stacks.get(previous_physical_id) or {}
    token = _before.set(dict(stack.get("_resources", {})))
    try:
        return _deploy(*arguments, previous_physical_id=previous_physical_id, **more)
    finally:
        _before.reset(token)


def update_resource(
    kind: str,
    physical_id: str,
    old: dict[str, Any],
    new: dict[str, Any],
    stack: str,
    logical_id: str | None = None,
    old_attributes: dict[str, Any] | None = None,
) -> Any:
    """Hand over the remembered attributes when the caller has none."""
    if old_attributes is None:
        old_attributes = _before.get({}).get(logical_id or "", {}).get("Attributes")
    return _update(kind, physical_id, old, new, stack, logical_id, old_attributes)


def invoke(worker: Any, *arguments: Any, **more: Any) -> Any:
    """A worker that cannot start fails alone; it starts afresh for the next request."""
    try:
        with _sparing():
            result = _invoke(worker, *arguments, **more)
            if (
                "trace" in result and _spared.processes
            ):  # its function raised, and it waits for the next request
                worker._proc, _spared.processes = _spared.processes[0], []  # noqa: SLF001
    except Exception as error:  # noqa: BLE001 as Lambda reports it, whatever it was
        lambda_svc.logger.error("A worker of %s did not start: %s", worker.func_name, error)
        lambda_runtime.kill_workers([worker])
        result = {"status": "error", "error": str(error), "cold_start": True, "log": ""}
    worker.last_used = time.time()
    if _lines:
        _lines.keep(worker.func_name, result)
    _failure.set(_class_of(result.get("trace", "")))
    return result


@contextmanager
def _sparing() -> Iterator[None]:
    """What a worker would end in this thread is ended afterwards, unless it was taken back."""
    _spared.processes = []
    try:
        yield
    finally:
        doomed, _spared.processes = _spared.processes, None
        for process in doomed:
            _signal(process)
            _collect(process, time.monotonic() + lambda_runtime._REAP_GRACE)  # noqa: SLF001


def end_later(process: Any) -> None:
    """Instead of ending a process: remember it, in a thread whose worker is spared for now."""
    if getattr(_spared, "processes", None) is None:
        _signal(process)
    else:
        _spared.processes.append(process)


def collect_later(process: Any, deadline: float) -> None:
    """Likewise for waiting for its end."""
    if getattr(_spared, "processes", None) is None:
        _collect(process, deadline)


def _class_of(trace: str) -> str:
    """The exception's class in the last line of a traceback, without its module."""
    lines = [line for line in trace.splitlines() if line and not line[0].isspace()]
    return lines[-1].partition(":")[0].rpartition(".")[2] if lines else ""


def named(function: Any, event: Any) -> Any:
    """A failure under its own name."""
    before = _failure.set("")
    try:
        result = _execute(function, event)
        body, name = result.get("body"), _failure.get()
        unnamed = isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError"
        return {**result, "body": {**body, "errorType": name}} if name and unnamed else result
    finally:
        _failure.reset(before)


def execute(function: Any, event: Any) -> Any:
    """A batch of a table's stream from its first failed record on, when one failed before; it fails until it is done."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not records or records[0].get("eventSource") != "aws:dynamodb":
        return named(function, event)
    name = (function.get("config") or function).get("FunctionName", "")
    source = name, records[0].get("eventSourceARN", "")
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    begin = numbers.index(_begins[source]) if _begins.get(source) in numbers else 0
    result = named(function, {**event, "Records": records[begin:]})
    answer = result.get("body")
    if result.get("error"):
        return result
    failed = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    at = min((numbers.index(each["itemIdentifier"]) for each in failed or ()), default=len(numbers))
    if at < len(numbers):
        _deliveries[name, numbers[at]] += 1
        at += _deliveries[name, numbers[at]] >= DELIVERIES_MAX
    if at == len(numbers):
        _begins.pop(source, None)
        return result
    _begins[source] = numbers[at]
    told = {"errorType": "BatchItemFailures", "errorMessage": f"goes on with {numbers[at]}"}
    return {**result, "error": True, "body": told}


def execute_task(state: dict[str, Any], given: Any, execution: Any, context: Any) -> Any:
    """A task with the number that its TimeoutSeconds comes to."""
    if isinstance(state.get("TimeoutSeconds"), str):
        field = stepfunctions._jsonata_state_field  # noqa: SLF001
        state = {**state, "TimeoutSeconds": field(state, "TimeoutSeconds", "number", given, context)}
    return _task(state, given, execution, context)


def invoke_with_callback(resource: str, given: Any, token: str, state: dict[str, Any]) -> Any:
    """Remember the token while the function is called that brings it away."""
    awaited = _awaited.set(token)
    try:
        return _await(resource, given, token, state)
    finally:
        _awaited.reset(awaited)


def call_lambda(function: str, event: Any) -> Any:
    """Fail the task whose function failed, unless it has had its answer by then."""
    try:
        return _call(function, event)
    except stepfunctions._ExecutionError as error:  # noqa: SLF001
        task = stepfunctions._task_tokens.get(_awaited.get())  # noqa: SLF001
        if task and not task["event"].is_set():
            task["error"] = {"Error": error.error, "Cause": error.cause}
            task["event"].set()
        raise


async def serve(scope: Any, receive: Any, send: Any, save: Callable[[], bool]) -> None:
    """Save when asked, and end the process as soon as its state is saved; whoever started it ends the workers."""

    async def sending(message: Any) -> None:
        await send(message)
        if message["type"] == "lifespan.shutdown.complete":
            os._exit(0)

    if scope.get("path") == SAVE and scope.get("method") == "POST":
        answer = json.dumps({"saved": save()}).encode()
        length = (b"content-length", str(len(answer)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": answer})
    else:
        await _serve(scope, receive, sending if scope["type"] == "lifespan" else send)


def main() -> None:
    """Run it; its environment says where and with what, the command line to whom it belongs."""
    sys.argv = sys.argv[:1]
    threading.Thread(target=_end_with_the_starter, name="starter", daemon=True).start()
    keeper = Keeper(Path(os.environ["STATE_DIR"]))
    keeper.install()
    workers.keep_few_idle()
    provisioners._cfn_nested_stack_deploy = deploy_nested  # noqa: SLF001
    provisioners._update_resource = update_resource  # noqa: SLF001
    lambda_runtime.Worker.invoke = invoke
    lambda_runtime._signal, lambda_runtime._collect = end_later, collect_later  # noqa: SLF001
    lambda_svc._execute_function = execute  # noqa: SLF001
    stepfunctions._execute_task = execute_task  # noqa: SLF001
    stepfunctions._invoke_with_callback = invoke_with_callback  # noqa: SLF001
    stepfunctions._call_lambda = call_lambda  # noqa: SLF001
    mended_gateway.install()
    app.app = partial(serve, save=lambda: keeper.save(app._build_persistence_save_dict()))  # noqa: SLF001
    app.main()


def _end_with_the_starter() -> None:
    """When whoever started it is gone, so that nobody would ever stop it, end it with its workers: all is kept."""
    while os.read(0, 1024):
        pass
    if os.getpgrp() == os.getpid():  # a group of its own, as Emulator starts it
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
