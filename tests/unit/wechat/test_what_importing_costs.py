"""Functions that only decrypt or receive pushes start without the HTTP client."""

import subprocess
import sys

from tests.support.tables import ROOT


def test_the_api_of_wechat_is_imported_without_requests() -> None:
    program = "import sys, puhui.wechat.api; print('requests' in sys.modules, 'urllib3' in sys.modules)"
    environment = {"PYTHONPATH": str(ROOT / "layers/puhui/python")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]
