"""Which tests one xdist worker runs together, in their order, with ``--dist loadgroup``; all others are given out one by one.

A rule by name, not by mark: xdist 3.8 hands marks over in a way that pytest 9.2 no longer knows, so that its own groups are
torn apart without a word.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from infra.testing import CLOUD_FOLDERS

# On the local cloud, but each test on its own: they are spread and fill the end.
INDEPENDENT = {
    "test_another_members_token.py",
    "test_api_survives_generated_requests.py",
    "test_every_preset.py",
}
ONE_LARGE_LOG = {"test_journal_stays_flat.py"}  # of a million entries, built once


def group_of(nodeid: str) -> str:
    """The name of a test's group: itself when it needs no company."""
    path, _, test = nodeid.partition("::")
    file = PurePosixPath(path)
    if "dynamodb-local" in test:
        return "dynamodb-local"  # one server of 1 GB
    together = file.parent.name in CLOUD_FOLDERS and file.name not in INDEPENDENT
    return path if together or file.name in ONE_LARGE_LOG else nodeid


class Together(LoadScopeScheduling):
    """xdist's scheduling by groups; the largest are given out first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        """Raises UsageError when two tests have one id: xdist would run one of them, and say nothing."""
        twice = sorted(nodeid for nodeid, count in Counter(collection).items() if count > 1)
        if twice:
            raise pytest.UsageError(
                f"{len(twice)} ids are of several tests, which would be left out: {twice[:3]}"
            )
        super().add_node_collection(node, collection)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling | None:
    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None  # type: ignore[arg-type]
