"""The command line: ``python -m puhui.witness init | add-log | key | serve``. What machines read goes to standard output,
what people read to standard error."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from puhui.tlog.errors import Malformed
from puhui.tlog.notes import Key
from puhui.witness import state
from puhui.witness.server import Witness, WitnessServer
from puhui.witness.state import State, StateError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status, 1 when it was refused and 2 when it was not understood."""
    given = _parser().parse_args(arguments)
    try:
        status: int = given.run(given)
    except (StateError, Malformed, OSError) as error:
        sys.stderr.write(f"not done 未完成: {error}\n")
        return 1
    return status


def _init(given: argparse.Namespace) -> int:
    sys.stdout.write(f"{state.create(given.state, given.name)}\n")
    return 0


def _key(given: argparse.Namespace) -> int:
    sys.stdout.write(f"{State(given.state).signer.key}\n")
    return 0


def _add_log(given: argparse.Namespace) -> int:
    log = Key.parse(given.key)
    new = State(given.state).add_log(log)
    sys.stderr.write(f"{'remembered 已登记' if new else 'known already 先前已登记'}: {log.name}\n")
    sys.stdout.write(f"/{state.hash_of(log.name)}/checkpoint\n")
    return 0


def _serve(given: argparse.Namespace) -> int:
    ends = {signal.SIGTERM, signal.SIGINT}
    # Before there are threads, which inherit it: so only sigwait gets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    server = WitnessServer(Witness(State(given.state)), given.host, given.port)
    serving = threading.Thread(target=server.serve_forever, args=(0.1,))
    serving.start()
    sys.stdout.write(f"listening on {server.url}\n")
    sys.stdout.flush()
    signal.sigwait(ends)
    server.stop()
    serving.join()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m puhui.witness",
        description="A witness for transparency logs: it cosigns a log's checkpoints as long as each extends the last. "
        "透明日志见证服务：只要每个检查点都延续上一个，就为其联署。",
    )
    commands = parser.add_subparsers(required=True, metavar="command 命令")
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument(
        "--state", type=Path, required=True, metavar="DIR", help="the witness's folder 数据目录"
    )

    init = commands.add_parser("init", parents=[folder], help="make the key and print it 生成密钥并显示公钥")
    init.add_argument("--name", required=True, help="such as witness.ngo.example/w1 见证人名称")
    init.set_defaults(run=_init)

    key = commands.add_parser("key", parents=[folder], help="print the public key 显示公钥")
    key.set_defaults(run=_key)

    add_log = commands.add_parser(
        "add-log", parents=[folder], help="cosign this log from now on 登记要联署的日志"
    )
    add_log.add_argument(
        "--key", required=True, metavar="VKEY", help="the log's key, as it publishes it 日志公钥"
    )
    add_log.set_defaults(run=_add_log)

    serve = commands.add_parser("serve", parents=[folder], help="answer over HTTP 启动服务")
    serve.add_argument(
        "--port", type=int, required=True, help="0 takes any free one 端口，0 表示任意空闲端口"
    )
    serve.add_argument("--host", default="127.0.0.1", help="127.0.0.1 unless told 监听地址，默认 127.0.0.1")
    serve.set_defaults(run=_serve)
    return parser


def run() -> NoReturn:
    """The program ``puhui-witness``."""
    sys.exit(main())


if __name__ == "__main__":
    run()
