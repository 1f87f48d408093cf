# make run | demo | logs | roles | test | check | bench | fuzz | reset. Needs Python 3.11 to 3.13, git and make; the rest it installs into .venv.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && command -v $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
SOURCES := layers/puhui/python/puhui infra functions tests
export PYTHONPATH := layers/puhui/python:.
WORKERS ?= auto

.PHONY: run demo logs roles test check lint bench fuzz reset format
.DEFAULT_GOAL := run

run: $(VENV)/local.stamp
	@$(BIN)/python -m infra.local run

demo: $(VENV)/local.stamp
	@$(BIN)/python -m infra.local demo

logs: $(VENV)/local.stamp
	@$(BIN)/python -m infra.local logs $(REQUEST)

reset: $(VENV)/local.stamp
	@$(BIN)/python -m infra.local reset

# make roles OPENID=demo-member-1 ROLES="operator auditor": on the local cloud that runs; on AWS see infra/roles.py.
roles: $(VENV)/local.stamp
	@$(BIN)/python -m infra.roles "$(OPENID)" $(ROLES) --local

check: lint
	$(BIN)/pytest -q -n $(WORKERS) --dist loadgroup --durations=50 tests/unit tests/contracts tests/architecture

lint: $(VENV)/dev.stamp
	@$(BIN)/python -c 'from infra.build import validators; validators.ensure()'
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m infra.rules

test: lint
	$(BIN)/python -m infra.testing

bench: $(VENV)/bench.stamp
	$(BIN)/python -m tests.benchmarks

fuzz: $(VENV)/dev.stamp
	$(BIN)/python -m tests.benchmarks.fuzz_pictures

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix-only $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

$(VENV)/uv.stamp:
	@test -n "$(PYTHON)" || { echo "Puhui needs Python 3.11, 3.12 or 3.13 on the PATH; name one with: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@echo "Creating $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

$(VENV)/local.stamp: requirements/local.txt | $(VENV)/uv.stamp
	@echo "Installing $<"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement $<
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt | $(VENV)/uv.stamp
	@echo "Installing $<"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement $<
	@touch $@ $(VENV)/local.stamp

$(VENV)/bench.stamp: requirements/bench.txt | $(VENV)/uv.stamp
	@echo "Installing $<"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement $<
	@touch $@ $(VENV)/dev.stamp $(VENV)/local.stamp
