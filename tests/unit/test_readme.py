"""What the README tells people to type works."""

import json
import os
import re
import subprocess
import sys

from infra.build.contract import ROOT
from puhui.tlog import policy


def test_the_command_that_makes_the_keys_of_a_deployment_works() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = re.search(r"^PYTHONPATH=(\S+) \.venv/bin/python (-m infra\.keys) (\S+) >", readme, re.MULTILINE)
    assert command
    environment = {**os.environ, "PYTHONPATH": command[1]}
    ran = subprocess.run(
        [sys.executable, *command[2].split(), command[3]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    made = json.loads(ran.stdout)
    assert policy.parse(made["JournalPolicy"].replace(";", "\n")).origin == command[3]
