"""Functions that only verify what a partner sends start without the HTTP client."""

import subprocess
import sys

from tests.support.tables import ROOT


def test_the_api_of_partners_is_imported_without_requests():
    program = "import sys, puhui.partners.api; print('requests' in sys.modules, 'urllib3' in sys.modules)"
    environment = {"PYTHONPATH": str(ROOT / "layers/puhui/python")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]
