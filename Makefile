# Everything here needs git, make and Python ≥ 3.11; the rest is fetched by `make setup`.
# Windows users: run it inside WSL.
SHELL := /bin/sh
BIN := .venv/bin
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && command -v $$name && break; done)
unexport PYTHON
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup demo up doctor test lint lint-services lint-pages bench bench-rivals chaos chaos-desk fuzz clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-19s %s\n' "$$name" "$$text"; done

setup: ## once: environment, locked dependencies, Kafka's jars, pages; the second time it does nothing
	@if [ -z "$(PYTHON)" ]; then \
		echo "Floorwatch needs Python 3.11 or later, and none of python3.13, python3.12, python3.11, python3 is one." >&2; \
		echo "Install one, or name it: make setup PYTHON=/path/to/python3" >&2; exit 1; fi
	@"$(PYTHON)" tools/setup.py

demo: setup ## a bank's January 1999 beside simulated centres, on a live wall; Ctrl-C stops it
	@exec $(BIN)/floorwatch demo $(ARGS)

up: setup ## the same without demo data, for feeds of your own
	@exec $(BIN)/floorwatch up $(ARGS)

doctor: setup ## look at every part that runs
	@exec $(BIN)/floorwatch doctor

lint: setup ## ruff, mypy --strict, import-linter, and the pages' own checks
	@$(MAKE) --no-print-directory -j2 lint-services lint-pages

lint-services:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

lint-pages:
	cd dashboard && npm run --silent check

# Brokers of tests live for seconds: without Java's second compiler a start takes little more than half.
test: export JDK_JAVA_OPTIONS = -XX:TieredStopAtLevel=1
test: lint ## everything that CI runs: lint, tests on real Kafka and Redis, Vitest, a real browser
	@rm -rf test-results && mkdir -p test-results
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder --junitxml=test-results/pytest.xml --cov --cov-report=json:test-results/coverage.json --cov-report=term:skip-covered --durations=10
	$(BIN)/python tools/branches.py test-results/coverage.json
	cd dashboard && npm run --silent test -- --reporter=default --reporter=junit --outputFile.junit=../test-results/vitest.xml
	cd dashboard && PLAYWRIGHT_JUNIT_OUTPUT_FILE=../test-results/playwright.xml npm run --silent e2e -- --reporter=list,junit

bench: setup ## speed, as ratios of things measured in one run; results belong in docs/performance.md
	$(BIN)/python -m bench $(ARGS)

bench-rivals: setup ## the same beside Quix Streams and Bytewax, which it installs for itself
	$(BIN)/python -m bench.rivals $(ARGS)

chaos: setup ## kill, stop and restart every part under a feed, and compare every number (ARGS="--seed 7 --duration 300")
	@exec $(BIN)/python -m tests.chaos $(ARGS)

chaos-desk: setup ## the same with people at alerts, plans and moves: each step once (ARGS="--seed 7 --duration 300")
	@exec $(BIN)/python -m tests.chaos.desk $(ARGS)

fuzz: setup ## a million malformed inputs at every edge (ARGS="--seed 7 --inputs 10000")
	@exec $(BIN)/python -m tests.fuzz $(ARGS)

clean: ## remove state, logs and test results; stops nothing
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m services.cli.clean; else rm -rf .floorwatch; fi
	@rm -rf test-results .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
