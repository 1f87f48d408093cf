"""ministack saves its state at a graceful stop only. Here it keeps what it acknowledged, whatever ends it (``kept.py``).

- Tables: items, changes that a consumer still has to see and how far each consumer is are kept with each request.
- S3: ministack writes objects through; what it knows of locks is kept with each change, what a kill has cut in two is undone.
- State machines: executions are kept when they start and when they end, so that those that ran are known after a kill.
- Queues: kept with each message. They hold only what has failed.
- All that a deploy makes: kept as a whole by ``save`` (``POST /_puhui/save``, or a graceful stop), never in the midst of a
  deploy. What a killed deploy did is undone at the next start, since it is done again.
"""

import copy
import json
import logging
from collections import defaultdict
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudformation, dynamodb, lambda_svc, s3, sqs, stepfunctions

from infra.local import kept_objects
from infra.local.kept import Kept, Watched

SAVE = "/_puhui/save"
_BESIDES_TABLES = (
    "tags",
    "ttl_settings",
    "pitr_settings",
    "kinesis_destinations",
    "contributor_insights",
    "backups",
    "resource_policies",
    "exports",
    "imports",
)
_QUEUE_CHANGES = ("Send", "Delete", "Purge", "Receive", "Change")
_MEMBERS = dynamodb._INDEX_MEMBERS  # noqa: SLF001 the state is inside
_set_item = dynamodb._set_item  # noqa: SLF001
_remove_item = dynamodb._remove_item  # noqa: SLF001
_replaced = dynamodb._items_replaced  # noqa: SLF001
_emit = dynamodb._emit_stream_event  # noqa: SLF001
_request = dynamodb.handle_request
_queue_request = sqs.handle_request
_load = app._load_persisted_state  # noqa: SLF001
_start = stepfunctions._start_execution  # noqa: SLF001
_stop = stepfunctions._stop_execution  # noqa: SLF001
_run = stepfunctions._run_execution  # noqa: SLF001
_prune = lambda_svc._prune_orphan_code_blobs  # noqa: SLF001
_park = lambda_svc._send_ddb_stream_failure_record  # noqa: SLF001
_log = logging.getLogger("kept")


class Keeper:
    """``install()`` before the emulator starts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._kept = Kept(folder / "kept.sqlite")
        self._code: set[str] = set()

    def install(self) -> None:
        kept_objects.mend(Path(s3.DATA_DIR), self._buckets())
        s3.S3_PERSIST = True  # from here on, not in its environment: it would have loaded the files before they were mended
        s3._load_persisted_data()  # noqa: SLF001
        app.load_state, app.save_all = self._state, self.save
        app._load_persisted_state = self._load  # noqa: SLF001
        dynamodb.get_state = _tables_without_items
        dynamodb._set_item = self._set_item  # noqa: SLF001
        dynamodb._remove_item = self._remove_item  # noqa: SLF001
        dynamodb._items_replaced = self._items_replaced  # noqa: SLF001
        dynamodb._emit_stream_event = self._emit  # noqa: SLF001
        dynamodb.handle_request = self._request
        sqs.handle_request = self._queue_request
        stepfunctions._start_execution = self._start  # noqa: SLF001
        stepfunctions._stop_execution = self._stop  # noqa: SLF001
        stepfunctions._run_execution = self._run  # noqa: SLF001
        lambda_svc._prune_orphan_code_blobs = self._code.update  # noqa: SLF001 after the snapshot, not before
        lambda_svc._send_ddb_stream_failure_record = self._park  # noqa: SLF001

    def save(self, services: Any) -> bool:
        """A snapshot of all services, unless a deploy is going on. Returns whether there is one now."""
        if _deploying():
            _log.warning("A deploy is going on: nothing of it is kept.")
            return False
        self._code.clear()
        try:
            states = {name: get_state() for name, get_state in services.items()}
            texts = {name: _text(name, state) for name, state in states.items() if state is not None}
        except Exception:  # noqa: BLE001 of whatever service: what stands is better than half of it
            _log.exception("The state cannot be written down: the one before stays.")
            return False
        with self._kept.at_once():
            for name, text in texts.items():
                self._kept.save(name, text)
            for arn, execution in list(self._kept.entries("executions")):
                if execution["status"] != "RUNNING":
                    self._kept.unset("executions", arn)
        if self._code:
            _prune(self._code)
        return True

    def _state(self, name: str) -> Any:
        text = self._kept.state(name)
        return text and json.loads(text, object_hook=persistence._json_object_hook)["payload"]  # noqa: SLF001

    def _buckets(self) -> set[str] | None:
        state = self._state("s3")
        return {f"{account}/{name}" for account, name in state["buckets_meta"]._data} if state else None  # noqa: SLF001

    def _load(self) -> None:
        _load()
        tables = dynamodb._tables._data  # noqa: SLF001
        by_arn = {table["TableArn"]: (key, table) for key, table in tables.items()}
        for place in self._kept.tables() - set(by_arn):
            self._kept.forget_table(place)  # of a deploy that was lost
        for place, pk, sk, item in self._kept.items():
            by_arn[place][1]["items"][pk][sk] = item
        for _, table in by_arn.values():
            _replaced(table)
        self._restore_streams({arn: key for arn, (key, _) in by_arn.items()})
        for store, what in (
            ("retention", s3._object_retention),  # noqa: SLF001
            ("legal_hold", s3._object_legal_hold),  # noqa: SLF001
        ):
            what._data = Watched({**what._data, **dict(self._kept.entries(store))}, self._kept, store)  # noqa: SLF001
        for key, execution in self._kept.entries("executions"):
            stepfunctions._executions._data[key] = execution  # noqa: SLF001
        stepfunctions._restore_state({"executions": AccountRegionScopedDict()})  # noqa: SLF001 ends what ran
        dynamodb._tables._data = _Tables(tables, self._kept)  # noqa: SLF001

    def _restore_streams(self, tables: dict[str, Any]) -> None:
        """Each consumer goes on where it was: first the positions, then what lies behind them."""
        positions = lambda_svc._dynamodb_stream_positions  # noqa: SLF001
        found = dict(self._kept.entries("positions"))
        known = {esm: at for esm, at in found.items() if esm in lambda_svc._esms._data}  # noqa: SLF001
        for esm in found.keys() - known.keys():
            self._kept.unset("positions", esm)
        with lambda_svc._dynamodb_stream_positions_lock:  # noqa: SLF001
            positions._data = _Positions(known, self._kept)  # noqa: SLF001
        waiting = defaultdict(list)
        first: dict[str, int] = {}
        for place, number, record in self._kept.records():
            first.setdefault(place, number)
            waiting[place].append(record)
        for place, key in tables.items():
            dynamodb._stream_trimmed._data[key] = first.get(place, max(_seen(place), default=0))  # noqa: SLF001
            dynamodb._stream_records._data[key] = waiting[place]  # noqa: SLF001

    def _set_item(self, table: Any, pk: str, sk: str, item: Any) -> Any:
        self._kept.put(table["TableArn"], pk, sk, item)
        return _set_item(table, pk, sk, item)

    def _remove_item(self, table: Any, pk: str, sk: str) -> Any:
        self._kept.remove(table["TableArn"], pk, sk)
        return _remove_item(table, pk, sk)

    def _items_replaced(self, table: Any) -> None:
        with self._kept.at_once():
            self._kept.forget_table(table["TableArn"])
            for pk, row in table["items"].items():
                for sk, item in row.items():
                    self._kept.put(table["TableArn"], pk, sk, item)
        _replaced(table)

    def _emit(self, name: str, *arguments: Any, **more: Any) -> None:
        before = _end(name)
        _emit(name, *arguments, **more)
        if (end := _end(name)) != before and _seen(place := dynamodb._tables[name]["TableArn"]):  # noqa: SLF001
            self._kept.append(place, end - 1, dynamodb._stream_records[name][-1])  # noqa: SLF001

    async def _request(self, *arguments: Any) -> Any:
        with self._kept.at_once():
            return await _request(*arguments)

    async def _queue_request(self, method: str, path: str, headers: Any, body: Any, query: Any) -> Any:
        answer = await _queue_request(method, path, headers, body, query)
        if headers.get("x-amz-target", "").rpartition(".")[2].startswith(_QUEUE_CHANGES):
            self._keep_queues()
        return answer

    def _park(self, *arguments: Any) -> None:
        _park(*arguments)
        self._keep_queues()

    def _keep_queues(self) -> None:
        if not _deploying():
            self._kept.save("sqs", _text("sqs", sqs.get_state()))

    def _start(self, data: Any) -> Any:
        answer = _start(data)
        if answer[0] == 200:
            self._keep_execution(json.loads(answer[2])["executionArn"])
        return answer

    def _stop(self, data: Any) -> Any:
        answer = _stop(data)
        self._keep_execution(data.get("executionArn"))
        return answer

    def _run(self, arn: str) -> None:
        _run(arn)
        self._keep_execution(arn)

    def _keep_execution(self, arn: str) -> None:
        executions = stepfunctions._executions  # noqa: SLF001
        if execution := executions.get(arn):
            kept = {**execution, "events": execution["events"][:1]}
            self._kept.set("executions", executions._scoped(arn), json.loads(json.dumps(kept, default=str)))  # noqa: SLF001


class _Tables(dict[Any, Any]):
    """A table that is dropped takes what was kept of it along."""

    def __init__(self, start: dict[Any, Any], kept: Kept) -> None:
        super().__init__(start)
        self._kept = kept

    def __delitem__(self, key: Any) -> None:
        self.pop(key)

    def pop(self, key: Any, *default: Any) -> Any:
        table = super().pop(key, *default)
        if isinstance(table, dict):
            self._kept.forget_table(table["TableArn"])
        return table


class _Positions(Watched):
    """How far each consumer of a stream is; what all of its consumers have seen need not be kept."""

    def __init__(self, start: dict[Any, Any], kept: Kept) -> None:
        super().__init__(start, kept, "positions")

    def __setitem__(self, key: Any, value: Any) -> None:
        if self.get(key) == value:
            return
        with self._kept.at_once():
            super().__setitem__(key, value)
            place = _place(key)
            self._kept.consumed(place, min(_seen(place)))


def _place(esm: Any) -> str:
    source: str = (lambda_svc._esms._data.get(esm) or {}).get("EventSourceArn", "")  # noqa: SLF001
    return source.partition("/stream/")[0]


def _seen(place: str) -> list[int]:
    """How far each consumer of this table's stream is."""
    positions = lambda_svc._dynamodb_stream_positions._data  # noqa: SLF001
    return [at for esm, at in list(positions.items()) if _place(esm) == place]


def _end(name: str) -> int:
    trimmed: int = dynamodb._trimmed_count(name)  # noqa: SLF001
    return trimmed + len(dynamodb._live_stream_records(name))  # noqa: SLF001


def _deploying() -> bool:
    return any(
        stack.get("StackStatus", "").endswith("_IN_PROGRESS")
        for stack in cloudformation._stacks._data.values()  # noqa: SLF001
    )


def _tables_without_items() -> dict[str, Any]:
    tables = AccountRegionScopedDict()
    for key, table in dynamodb._tables._data.items():  # noqa: SLF001
        tables._data[key] = {**table, "items": {}}  # noqa: SLF001
        tables._data[key].pop(_MEMBERS, None)  # noqa: SLF001
    return {"tables": tables} | {
        name: copy.deepcopy(getattr(dynamodb, f"_{name}")) for name in _BESIDES_TABLES
    }


def _text(name: str, state: Any) -> str:
    version = persistence._state_format_version(name)  # noqa: SLF001
    whole = {"__ministack_format__": version, "payload": state}
    return json.dumps(whole, default=persistence._json_default)  # noqa: SLF001
