# Run `make` to list the targets. They run in .venv, which tools/install.sh installs from requirements.lock.
# To choose the interpreter, write `make install PYTHON=python3.12`. By default the script finds a supported one.
VENV    := .venv
BIN     := $(VENV)/bin
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
export PYTHON WITH_PIP
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help install demo test pipelines simulate grid months crash histories undo score-import lint type format bench schemas reference readme docs docs-serve record lock dist clean

help:  ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install:  ## Install .venv from requirements.lock
	@sh tools/install.sh

demo: install  ## Show a billing run on the sandbox, from an empty tenant to a customer that grows
	$(BIN)/python -m demo

test: install  ## Run the tests, and check the branch coverage
	rm -rf .cache/coverage
	MEASURE=1 $(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m "not pipelines"
	$(BIN)/python -m tests.coverage_floor

pipelines: install  ## Run every test of the pipelines that `init` writes; `make test` runs the main ones
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/pipelines

simulate: install  ## Compare random billing hours with an independent calculation (SEED=1 RUNS=10 HOURS=12); a failure prints its seed
	SIMULATE_SEED=$(or $(SEED),1) SIMULATE_RUNS=$(or $(RUNS),10) SIMULATE_HOURS=$(or $(HOURS),12) $(BIN)/python -m pytest -q -n 2 tests/simulation

grid: install  ## Bill the grid of money, with random customers beside those that cover every pair (MORE=150), and write its page
	$(BIN)/python -m tests.money_grid.page
	GRID_MORE=$(or $(MORE),150) $(BIN)/python -m pytest -q -n 2 tests/money_grid

months: install  ## Simulate months of random customers with trouble, compare the invoices with an oracle, and print what they had (SEED=1 RUNS=5: 1,000 customer-months)
	MONTHS_SEED=$(or $(SEED),1) MONTHS_RUNS=$(or $(RUNS),5) $(BIN)/python -m pytest -q tests/months

crash: install  ## Kill runs at every request and every write of the ledger, run again, and compare (SEED=1 RUNS=10 CUSTOMERS=8)
	$(BIN)/python -m tests.crash $(or $(SEED),1) $(or $(RUNS),10) $(or $(CUSTOMERS),8)

histories: install  ## Play random histories of a month that ends against an oracle (HISTORIES=100000 SEED=1)
	$(BIN)/python -m tests.histories $(or $(HISTORIES),100000) $(or $(SEED),1)

undo: install  ## Apply and undo random changes of estates and of billing (HISTORIES=1000 SEED=1), and print what they had
	$(BIN)/python -m tests.undo $(or $(HISTORIES),1000) $(or $(SEED),1)

score-import: install  ## Score the proposals of `import` on generated estates (SEEDS=10); ARGS=-v shows what is open
	$(BIN)/python -m tests.importing.matching.score $(or $(SEEDS),10) $(ARGS)

lint: install  ## Check style and format with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: install  ## Correct style and format with ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: install  ## Check types with mypy --strict
	$(BIN)/mypy

bench: install  ## Measure estates of 1,000 and 10,000 customers, a month's end, and a ledger (LEDGER=full: 76 million readings, LEDGER=only-full)
	$(BIN)/python -m benchmarks --ledger $(or $(LEDGER),quick)

schemas: install  ## Generate schemas/ from reconciler/kinds/
	$(BIN)/reconciler schema --write schemas

reference: schemas  ## Generate schemas/, and the parts of docs/reference/ that follow from the code
	$(BIN)/python -m tools.reference

readme: install  ## Draw docs/demo.svg, the picture in README.md, from the demo
	$(BIN)/python -m demo.recording

docs: install  ## Build the site of docs/ into site/, and fail for a link that leads nowhere
	$(BIN)/python -m tools.site

docs-serve: install  ## Serve the site on http://localhost:8000, and build it again when a page changes
	$(BIN)/zensical serve

record: install  ## Record the test cassettes again, from the sandbox or from the tenant in the environment
	$(BIN)/python -m pytest -q --record-mode=rewrite tests/connectwise/test_wire_format.py tests/metering/test_cassettes.py

lock: install  ## Update the locks to the newest versions
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) --upgrade --extra dev --extra parquet --extra postgresql --extra report --extra sandbox pyproject.toml -o requirements.lock
	$(COMPILE) --extra postgresql --constraint requirements.lock --no-annotate pyproject.toml -o runtime.lock
	$(COMPILE) --extra postgresql --extra sandbox --constraint requirements.lock --no-annotate pyproject.toml -o sandbox.lock
	$(COMPILE) --extra parquet --extra postgresql --extra report --constraint requirements.lock --no-annotate pyproject.toml -o report.lock
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --override tools/focus-overrides.txt tools/focus.in -o tools/focus.lock

dist: install  ## Build dist/: the wheel, and the locks that install it
	$(BIN)/python -m tools.dist

clean:  ## Remove .venv, caches, dist/ and site/
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache .coverage* build dist site
