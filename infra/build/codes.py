"""The error codes of the contract: its schema ``ErrorCode`` follows from the tree of DomainErrors.

python -m infra.build.codes     writes the schema into miniprogram_api.yaml; a test holds both equal
"""

import importlib
import json
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import puhui
from infra.build import contract
from puhui.kernel.errors import DomainError

_BLOCK = re.compile(r"^    ErrorCode:\n(?:^(?:      .*)?\n)+", re.MULTILINE)
WIDTH = 120
_UNREAD = ("__main__", "puhui.edge.contract")  # programs, and what is generated


def errors() -> dict[str, type[DomainError]]:
    """The error of each code that a client can meet, by code. Of several with one code the most general one; conditions of
    writes, which are answered as something else, have the status 500 and are left out."""
    for module in pkgutil.walk_packages(puhui.__path__, "puhui."):
        if not module.name.endswith(_UNREAD[0]) and not module.name.startswith(_UNREAD[1]):
            importlib.import_module(module.name)
    found: dict[str, type[DomainError]] = {DomainError.code: DomainError}
    for each in _below(DomainError):
        if each.status != DomainError.status:
            found.setdefault(each.code, each)
    return dict(sorted(found.items()))


def schema() -> dict[str, Any]:
    """The schema ``ErrorCode``: an enumeration, and beside it the status and the sentence of each code, whose braces hold what
    the answer fills in."""
    codes = errors()
    return {
        "type": "string",
        "description": "错误代码，不会改变；x-sentences 是每个代码的状态码和文字。Stable; x-sentences has the status and the sentence of each.",
        "enum": list(codes),
        "x-sentences": {
            code: {"status": error.status, "zh-CN": error.zh, "en": error.en} for code, error in codes.items()
        },
    }


def write() -> None:
    """Put the schema into the contract in the place of the one that stands there."""
    described = schema()
    lines = [
        "    ErrorCode:",
        "      type: string",
        f"      description: {json.dumps(described['description'], ensure_ascii=False)}",
    ]
    names = textwrap.wrap(f"[{', '.join(described['enum'])}]", WIDTH, break_long_words=False)
    lines += ["      enum:", *(f"        {line}" for line in names), "      x-sentences:"]
    for code, said in described["x-sentences"].items():
        texts = ", ".join(f"{name}: {json.dumps(said[name], ensure_ascii=False)}" for name in ("zh-CN", "en"))
        lines.append(f"        {code}: {{status: {said['status']}, {texts}}}")
    text = contract.CONTRACT.read_text(encoding="utf-8")
    block = "\n".join(lines) + "\n"
    contract.CONTRACT.write_text(_BLOCK.sub(lambda _: block, text, count=1), encoding="utf-8")


def _below(error: type[DomainError]) -> Iterator[type[DomainError]]:
    """The house's own, breadth first, so that the more general one comes before those that it stands for."""
    level = error.__subclasses__()
    while level:
        level.sort(key=lambda each: (each.__module__, each.__qualname__))
        yield from (each for each in level if each.__module__.startswith("puhui."))
        level = [below for each in level for below in each.__subclasses__()]


if __name__ == "__main__":
    write()
