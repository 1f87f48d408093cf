"""Tests of one group run in one worker, one after the other: they share a stand-in's behaviour, a log of a million entries, an engine."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


def test_a_group_stays_with_one_worker(pytester: pytest.Pytester):
    pytester.makepyfile(
        """
        import os
        import pathlib
        import pytest

        @pytest.mark.xdist_group("one")
        @pytest.mark.parametrize("number", range(8))
        def test_which_worker(number):
            pathlib.Path(os.environ["SEEN"], os.environ["PYTEST_XDIST_WORKER"]).touch()
        """
    )
    seen = pytester.mkdir("seen")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEEN", str(seen))
        pytester.runpytest_subprocess("-n", "2", "--dist", "loadgroup").assert_outcomes(passed=8)
    assert len(list(Path(seen).iterdir())) == 1
