# The Python that builds .venv; MiniStack needs 3.10 or newer, Flink's package 3.11 or older.
PYTHON ?= $(shell command -v python3.11 || command -v python3.10 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/installed
# What `make check` installs: no Flink, no MiniStack, so no Java and no Maven either.
LIGHT := .venv/light
READY := $(or $(wildcard $(INSTALLED)),$(LIGHT))
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/miztiik-events
# Little of 1.2 GB is ever imported, and is compiled then: 45 CPU-seconds instead of 70. Errors are
# said; how others' packages are built, of which Debian's pip warns, is nothing to whoever installs.
QUIETLY := -qq --disable-pip-version-check --no-compile
DEBIAN := apt-get install python3 python3-venv default-jre-headless maven make

.DEFAULT_GOAL := help
# Where it is set, each of hundreds of processes would compile the program for itself.
export PYTHONDONTWRITEBYTECODE :=
.PHONY: help install demo check quick test every soak simulate lint bench-cli bench-comparison bench-analytics bench-producer bench-latency bench-lateness bench-results bench-many scale clean wheel

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Set up .venv and the connector jar; reused the next time

$(INSTALLED): setup.cfg pyproject.toml functions/analytics/pom.xml
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info < (3, 12))' || \
	  { echo "Python 3.10 or 3.11 with venv is needed (found: $(or $(PYTHON),none)). Debian 12: $(DEBIAN); or: make PYTHON=/path/to/python3.11" >&2; exit 5; }
	@command -v java >/dev/null || test -x "$(JAVA_HOME)/bin/java" || \
	  { echo "A Java runtime, 11 or newer, is needed: Flink runs on it. Debian: $(DEBIAN)" >&2; exit 5; }
	@command -v mvn >/dev/null || \
	  { echo "Maven is needed: it builds the jar with Flink's connectors. Debian: $(DEBIAN)" >&2; exit 5; }
	@echo "Setting up .venv (a minute or two, 1.2 GB; the next time it is there)"
	@"$(PYTHON)" -m venv .venv
	@$(BIN)/pip install $(QUIETLY) --editable '.[local,dashboard,dev]'
	@$(BIN)/miztiik-events package --quiet --output-dir build/package >/dev/null
	@$(BIN)/python -m miztiik_events.local.flink.jvm
	@touch $(LIGHT) $@

$(LIGHT): setup.cfg pyproject.toml
	@"$(PYTHON)" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' || \
	  { echo "Python 3.9 or newer with venv is needed (found: $(or $(PYTHON),none))." >&2; exit 5; }
	@"$(PYTHON)" -m venv .venv
	@$(BIN)/pip install $(QUIETLY) --editable '.[dashboard,dev]'
	@touch $@

demo: install ## The whole pipeline on this machine: no account, no Docker
	@$(BIN)/miztiik-events demo --export build/demo

check: $(READY) ## Lint, and every test that needs neither Java nor Maven; TESTS=tests/audit narrows it
	@$(MAKE) --no-print-directory -j2 lint quick

quick: $(READY)
	@$(BIN)/pytest --light $(TESTS)

test: install ## Lint, and every test, the pipeline on real parts included
	@$(MAKE) --no-print-directory -j2 lint every

every: install
	@$(BIN)/pytest

soak: install ## 200,000 sales while everything fails now and then; a quarter of an hour; SALES=333000
	@PYTHONPATH=tests/fixtures $(BIN)/python tests/soak/run.py $(if $(SALES),--sales $(SALES))

simulate: $(READY) ## Deploys against a model of CloudFormation at its worst; SEEDS=10000 FIRST=0 JOBS=1, or SEED=42; FAULTS=1 for ones in the program
	@PYTHONPATH=tests/fixtures $(BIN)/python tests/simulation/run.py $(if $(FAULTS),--faults) $(if $(JOBS),--jobs $(JOBS)) \
	  $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000) --first $(or $(FIRST),0))

lint: $(READY) ## ruff, mypy --strict, import-linter, cfn-lint on all templates
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy cli
	@for function in functions/[a-z]*/; do MYPYPATH=$$function $(BIN)/mypy --explicit-package-bases $$function || exit 1; done
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/cfn-lint templates/*.yaml docs/examples/*.yaml docs/examples/*/templates/*.yaml

bench-cli: install ## Time the command line beside awscli, SAM and CDK on this machine
	@$(BIN)/python bench/command_line.py

bench-comparison: install ## Try each row of docs/comparison.md with each tool; an hour. ARGS="--tools cdk --cases plan"
	@$(BIN)/python bench/comparison.py $(ARGS)

bench-analytics: install ## Time the program beside Spark and others; ARGS="--events 2000000 --only now,spark"
	@$(BIN)/python bench/analytics.py $(ARGS)

bench-producer: install ## Time the producer beside what the bus takes; a minute or two
	@$(BIN)/python bench/producer.py $(ARGS)

bench-latency: install ## Measure how long a result takes from its window's end to S3; 20 minutes
	@$(BIN)/python bench/latency.py $(ARGS)

bench-lateness: install ## Measure how long sales take to arrive, and when windows close
	@$(BIN)/python bench/lateness.py

bench-results: install ## Time how long a week of results takes to read; a minute or two
	@PYTHONPATH=tests/fixtures $(BIN)/python bench/results.py $(ARGS)

bench-many: install ## Deploy 60 stacks with failures in the middle, mend and destroy them; a minute or two
	@PYTHONPATH=tests/fixtures $(BIN)/python bench/sixty_stacks.py

scale: $(READY) ## Reckon docs/scale.md's tables, print them and write them into the page
	@$(BIN)/python bench/scale.py

wheel: $(READY) ## Build the wheel and the sdist into dist/
	@$(BIN)/python -m build --outdir dist . >/dev/null

clean: ## Remove the stacks (asks first; YES=1 does not), what runs here, and all that was built
	@if test -x $(BIN)/miztiik-events; then \
	  $(BIN)/miztiik-events local stop; \
	  $(BIN)/miztiik-events status >/dev/null 2>&1; \
	  if test $$? -eq 5; then echo "No AWS to clean up: no credentials, no region, or out of reach." >&2; \
	  else $(BIN)/miztiik-events destroy $(if $(YES),--yes) || exit $$?; fi; \
	fi
	@rm -rf .venv .bench build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache "$(CACHE)"
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
