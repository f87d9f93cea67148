# What people type. Everything runs in .venv, which tools/install.sh makes from the lock.
#   make install PYTHON=python3.12     takes this interpreter; left out, a supported one is looked for
VENV    := .venv
BIN     := $(VENV)/bin
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
export PYTHON WITH_PIP
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help install demo test simulate lint type format bench schemas readme record lock dist clean

help:  ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install:  ## Set up .venv from requirements.lock
	@sh tools/install.sh

demo: install  ## Watch the main job on the embedded sandbox
	$(BIN)/python -m demo

test: install  ## Run every test, with branch coverage held
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --cov --cov-report=
	$(BIN)/python -m tests.coverage_floor

simulate: install  ## Try random hours against an oracle: SEED=1 RUNS=10 HOURS=12; a failure prints its seed and figures
	SIMULATE_SEED=$(or $(SEED),1) SIMULATE_RUNS=$(or $(RUNS),10) SIMULATE_HOURS=$(or $(HOURS),12) $(BIN)/python -m pytest -q -n 2 tests/simulation

lint: install  ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: install  ## Put style and format right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: install  ## Check types, strictly
	$(BIN)/mypy

bench: install  ## Measure estates of 1,000 and 10,000 customers
	$(BIN)/python -m benchmarks

schemas: install  ## Write schemas/ from reconciler/kinds/
	$(BIN)/reconciler schema --write schemas

readme: install  ## Write the demo's output of today into README.md
	$(BIN)/python -m demo.recording

record: install  ## Record the cassettes again: from the sandbox, or from a tenant whose variables are set
	$(BIN)/python -m pytest -q --record-mode=rewrite tests/connectwise/test_wire_format.py tests/usage/test_cassettes.py

lock: install  ## Resolve both locks anew
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) --upgrade --extra dev --extra postgresql pyproject.toml -o requirements.lock
	$(COMPILE) --extra postgresql --constraint requirements.lock --no-annotate pyproject.toml -o runtime.lock

dist: install  ## Build the wheel, and a lock that installs it: dist/requirements.txt
	$(BIN)/python -m tools.dist

clean:  ## Remove what was made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* build dist
