# What people type. Everything runs in .venv, which `make install` makes from the lock.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test lint type format bench schemas record lock clean

help:  ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP)  ## Set up .venv from requirements.lock

$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q reconciler
	touch $@

demo: $(STAMP)  ## Watch the main job on the embedded sandbox
	$(BIN)/python -m demo

test: $(STAMP)  ## Run every test, with branch coverage held
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --cov --cov-report=
	$(BIN)/python -m tests.coverage_floor

lint: $(STAMP)  ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP)  ## Put style and format right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: $(STAMP)  ## Check types, strictly
	$(BIN)/mypy

bench: $(STAMP)  ## Measure estates of 1,000 and 10,000 customers
	$(BIN)/python -m benchmarks

schemas: $(STAMP)  ## Write schemas/ from reconciler/kinds/
	$(BIN)/reconciler schema --write schemas

record: $(STAMP)  ## Record the cassettes again: from the sandbox, or from a tenant whose variables are set
	$(BIN)/python -m pytest -q --record-mode=rewrite tests/connectwise/test_wire_format.py tests/usage/test_cassettes.py

lock: $(STAMP)  ## Resolve requirements.lock anew
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra dev --quiet --upgrade pyproject.toml -o requirements.lock

clean:  ## Remove what was made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* build dist
