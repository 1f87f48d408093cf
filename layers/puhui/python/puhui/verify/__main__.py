"""python -m puhui.verify: the command line of the verifier."""

import io
import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace, _ArgumentGroup
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from puhui.tlog import merkle, notes, policy
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.policy import Policy
from puhui.tlog.tiles import Tree
from puhui.verify import checks, report, sources
from puhui.verify.checks import Audited, Extended, InLog, Opened
from puhui.verify.explanations import Recomputed, check_explanation
from puhui.verify.sources import Unreadable
from puhui.verify.words import Language, language_of, plain, reason, say

PROVED, NOT_PROVED, UNUSABLE = 0, 1, 2
Words = Callable[[str], str]  # a text in the reader's language
_RECEIPT = "the receipt (.tlog-proof); a file or an http(s) address"


class Usage(Exception):
    """The call is wrong. The message says how."""


def main(arguments: list[str]) -> int:
    """Check what the arguments ask for and say what was proved. The exit status: 0 proved, 1 not proved, 2 the call was
    wrong or something could not be read."""
    language = language_of(arguments, os.environ)
    in_json = "--json" in arguments
    try:
        options = _parser(language).parse_args(arguments)
        finding = options.check(options)
    except SystemExit:  # only --help ends so
        return PROVED
    except (NotProved, Malformed) as error:
        return _refuse(NOT_PROVED, "NOT PROVED", str(error), language, in_json=in_json)
    except (Usage, Unreadable) as error:
        return _refuse(UNUSABLE, "ERROR", str(error), language, in_json=in_json)
    except KeyboardInterrupt:
        return _refuse(UNUSABLE, "ERROR", "interrupted", language, in_json=in_json)
    if in_json:
        sys.stdout.write(
            report.as_json({"proved": True, "command": options.command, **report.values(finding)}) + "\n"
        )
    else:
        sys.stdout.writelines(f"{plain(line)}\n" for line in report.lines(finding, language))
    return PROVED


def _refuse(status: int, verdict: str, message: str, language: Language, *, in_json: bool) -> int:
    words = reason(language, message)
    if in_json:
        answer = {"proved": False, "readable": status == NOT_PROVED, "reason": words}
        sys.stdout.write(report.as_json(answer) + "\n")
    else:
        line = say(language, "{verdict}: {reason}.", verdict=say(language, verdict), reason=words)
        stream = sys.stdout if status == NOT_PROVED else sys.stderr
        stream.write(plain(line) + "\n")
    return status


def _receipt(options: Namespace) -> InLog:
    leaf, leaf_hash = None, b""
    if options.leaf_hash is not None:
        leaf_hash = _leaf_hash(options.leaf_hash)
    else:
        leaf = _given_entry(options)
        leaf_hash = merkle.leaf_hash(leaf)
    return checks.check_receipt(sources.read(options.receipt), leaf_hash, leaf, _policy(options.policy))


def _given_entry(options: Namespace) -> bytes:
    if options.entry is not None:
        return sources.read(options.entry)
    try:
        return notes.from_b64(options.entry_base64)
    except Malformed as error:
        raise Usage(f"--entry-base64 takes standard base64: {error}") from None


def _leaf_hash(text: str) -> bytes:
    try:
        given = bytes.fromhex(text)
    except ValueError:
        given = b""
    if len(given) != merkle.HASH_BYTES:
        raise Usage("--leaf-hash takes 64 hexadecimal digits")
    return given


def _opening(options: Namespace) -> Opened:
    if (options.policy is None) != (options.receipt is None):
        raise Usage("--policy and --receipt go together")
    evidence = None
    if options.policy is not None:
        evidence = sources.read(options.receipt), _policy(options.policy)
    return checks.check_opening(sources.read(options.revision), evidence)


def _consistency(options: Namespace) -> Extended:
    rules = _policy(options.policy)
    old = checks.signed_state(sources.read(options.old), rules)
    new = checks.cosigned_state(sources.read(options.new), rules)
    checks.require_growth(old, new)
    if options.proof is not None:
        proof = checks.proof_between(sources.read(options.proof), old, new)
    else:
        proof = Tree(sources.tiles_of(options.log), new.size).consistency_proof(old.size)
    return checks.check_consistency(old, new, proof)


def _log(options: Namespace) -> Audited:
    fetch = sources.tiles_of(options.log)
    rules = _policy(options.policy or sources.within(options.log, "policy"))
    state = checks.cosigned_state(sources.read(sources.within(options.log, "checkpoint")), rules)
    shown = _Progress(state.size, options.language)
    try:
        types = checks.count_entries(Tree(fetch, state.size), state.root, shown.read)
    finally:
        shown.clear()
    return Audited(state, types, own_policy=options.policy is None)


def _explain(options: Namespace) -> Recomputed:
    published = sources.read(options.methodology) if options.methodology is not None else None
    return check_explanation(sources.read(options.explanation), published)


def _policy(place: str) -> Policy:
    """The policy is what the user trusts: one that cannot be used is a wrong call, not a failed proof."""
    data = sources.read(place)
    try:
        return policy.parse(data)
    except Malformed as error:
        raise Unreadable(f"the policy {place} is unusable: {error}") from None


class _Progress:
    """A line on a terminal that says how far the reading is; elsewhere nothing."""

    def __init__(self, size: int, language: Language) -> None:
        self._size = size
        self._language = language
        self._on = sys.stderr.isatty()

    def read(self, number: int) -> None:
        if self._on:
            line = say(
                self._language, "{read} of {all} entries read", read=f"{number:,}", all=f"{self._size:,}"
            )
            sys.stderr.write(f"\r{line}")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._on:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Usage(message)


def _parser(language: Language) -> ArgumentParser:
    words = partial(say, language)
    parser = _Parser(
        prog="puhui-verify",
        description=words(
            "Check off line, or against a log's public files, what a transparency log proves. Ends with status 0 when it is "
            "proved, 1 when it is not, 2 when the call was wrong or something could not be read."
        ),
        add_help=False,
        allow_abbrev=False,
    )
    _add_options(parser, words)
    commands = parser.add_subparsers(
        title=words("Commands"), dest="command", required=True, metavar="COMMAND"
    )
    for name, (purpose, check, add) in _COMMANDS.items():
        command = commands.add_parser(
            name, help=words(purpose), description=words(purpose), add_help=False, allow_abbrev=False
        )
        add(command.add_argument_group(words("Arguments")), words)
        _add_options(command, words)
        command.set_defaults(check=check, language=language)
    return parser


def _add_options(parser: ArgumentParser, words: Words) -> None:
    group = parser.add_argument_group(words("Options"))
    # Before or after the command: without a default the one does not undo the other.
    group.add_argument(
        "--lang",
        choices=("zh", "en"),
        default=SUPPRESS,
        help=words("the language of the answer: zh or en (default: by LANG, else en)"),
    )
    group.add_argument(
        "--json", action="store_true", default=SUPPRESS, help=words("answer with one JSON object")
    )
    group.add_argument("--help", "-h", action="help", help=words("show this help"))


def _add_receipt(group: _ArgumentGroup, words: Words) -> None:
    group.add_argument("receipt", metavar="RECEIPT", help=words(_RECEIPT))
    _add_policy(group, words, required=True)
    entry = group.add_mutually_exclusive_group(required=True)
    entry.add_argument(
        "--entry", metavar="FILE", help=words("the entry's bytes; a file or an http(s) address")
    )
    entry.add_argument("--entry-base64", metavar="TEXT", help=words("the entry's bytes, in base64"))
    entry.add_argument(
        "--leaf-hash", metavar="HEX", help=words("the entry's leaf hash, 64 hexadecimal digits")
    )


def _add_opening(group: _ArgumentGroup, words: Words) -> None:
    group.add_argument(
        "revision",
        metavar="REVISION",
        help=words("the answer of GET /journal/revisions/<entry id>; a file or an http(s) address"),
    )
    _add_policy(group, words, required=False)
    group.add_argument("--receipt", metavar="RECEIPT", help=words(_RECEIPT))


def _add_consistency(group: _ArgumentGroup, words: Words) -> None:
    for name, purpose in (
        ("old", "the earlier checkpoint; a file or an http(s) address"),
        ("new", "the later checkpoint; a file or an http(s) address"),
    ):
        group.add_argument(name, metavar=name.upper(), help=words(purpose))
    _add_policy(group, words, required=True)
    proof = group.add_mutually_exclusive_group(required=True)
    proof.add_argument(
        "--proof",
        metavar="FILE",
        help=words("the answer of GET /journal/consistency; a file or an http(s) address"),
    )
    proof.add_argument(
        "--log",
        metavar="LOG",
        help=words("the log, to compute the proof from; a folder or an http(s) address"),
    )


def _add_log(group: _ArgumentGroup, words: Words) -> None:
    group.add_argument("log", metavar="LOG", help=words("the log; a folder or an http(s) address"))
    group.add_argument("--policy", metavar="POLICY", help=words("the policy; by default the log's own"))


def _add_explain(group: _ArgumentGroup, words: Words) -> None:
    group.add_argument(
        "explanation",
        metavar="EXPLANATION",
        help=words("the answer of GET /activities/<id>/explanation; a file or an http(s) address"),
    )
    group.add_argument(
        "--methodology",
        metavar="FILE",
        help=words("the answer of GET /methodologies/<id>/versions/<version>; a file or an http(s) address"),
    )


def _add_policy(group: _ArgumentGroup, words: Words, *, required: bool) -> None:
    purpose = words("the policy: whose cosignatures are needed; a file or an http(s) address")
    group.add_argument("--policy", metavar="POLICY", required=required, help=purpose)


_COMMANDS = {
    "receipt": ("check that an entry is in the log", _receipt, _add_receipt),
    "opening": ("check what an entry commits to, and show it", _opening, _add_opening),
    "consistency": ("check that the log only grew between two checkpoints", _consistency, _add_consistency),
    "log": ("read a whole log and check all of it", _log, _add_log),
    "explain": ("compute a credit again from its explanation", _explain, _add_explain),
}


def run() -> NoReturn:
    """The program ``puhui-verify``."""
    for each in (sys.stdout, sys.stderr):
        if isinstance(each, io.TextIOWrapper):
            each.reconfigure(errors="backslashreplace")  # a terminal that cannot show Chinese gets the codes
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
