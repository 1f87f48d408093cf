"""What every test can rely on: the validators are those of the present contract."""

from infra.build import validators

validators.ensure()  # before collection, since tests import functions, which import their validators

pytest_plugins = [
    "tests.support.tables",
    "tests.support.dynamodb_local",
    "tests.support.local_cloud",
    "tests.support.independent",
    "tests.scenarios.life",
]
