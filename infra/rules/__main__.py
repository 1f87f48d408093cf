"""python -m infra.rules: cfn-lint with our rules over every template, and SAM's own validation of the root."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
REGIONS = ("us-east-1", "cn-north-1", "cn-northwest-1")  # what exists differs from region to region
BIN = Path(sys.executable).parent


def main() -> int:
    """The exit status of the first tool that finds something."""
    templates = [ROOT / "template.yaml", *sorted((ROOT / "infra/stacks").glob("*.yaml"))]
    lint = [str(BIN / "cfn-lint"), "--regions", *REGIONS]
    commands = [
        [*lint, "--append-rules", "infra/rules/templates", "--", *map(str, templates)],
        [str(BIN / "sam"), "validate", "--lint", "--template", "template.yaml"],
    ]
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "SAM_CLI_TELEMETRY": "0", **os.environ}
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)  # noqa: S603 our own tools
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
