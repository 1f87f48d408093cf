"""The functions' path loads no schema library, no decimals, no fractions: a cold start pays only for what it uses."""

import subprocess
import sys
from pathlib import Path

import puhui

HEAVY = {"jsonschema", "fastjsonschema", "decimal", "fractions", "pathlib", "boto3", "botocore", "requests"}
PROGRAM = """
import sys
before = set(sys.modules)
from datetime import date
from puhui.methodologies import api, usecases
from puhui.programmes import api as programmes, usecases as shown
programme = programmes.programme("carbon-88")
act = api.quantify(programme, programmes.behaviour(programme, "cycling"), {"distance_m": 1000}, date(2026, 11, 20))
api.explain(act, programme, act.credits_mg, 250)
print(*sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""


def test_quantifying_and_explaining_load_nothing_heavy() -> None:
    layer = Path(next(iter(puhui.__path__))).parent
    command = [sys.executable, "-S", "-c", PROGRAM]
    ran = subprocess.run(command, env={"PYTHONPATH": str(layer)}, capture_output=True, text=True, check=True)
    assert not HEAVY & set(ran.stdout.split())
