# One command for each piece of work; the same in CI. `make` alone prints this list.
# Every target sets up what it needs through ./run: nothing to install first but Python 3.11+ and make.

SHELL = /bin/sh
WORKERS ?= 3
KILLS ?= 50
ENTRIES = __init__.py __main__.py py.typed wiring.py storeless.py programs.py writers.py runtime.py submission.py testing.py conformance.py cli core plugins store tui worker

.DEFAULT_GOAL = help
.PHONY: help setup demo test test-redis slow check bench faults mutations ui pictures typing lint types contracts test-all-pythons clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' Makefile

setup: ## make or refresh the environment in .venv
	@./run

demo: ## run samples/iris; then train, tune and apply samples/tabular
	@./run sh samples/demo.sh

test: ## run the tests (without the long fault sweeps)
	@./run python -m pytest -q -n $(WORKERS) -m "not sweep"

test-redis: ## run the tests that need a redis-server, which is installed when there is none
	@REDIS_SERVER=$$(.ci/redis) && export REDIS_SERVER && ./run python -m pytest -q -n $(WORKERS) -m redis

slow: ## list the dearest tests by CPU time, their processes included; TESTS=tests/core for some of them
	@./run python -m pytest -q -n $(WORKERS) -m "not sweep" --costs $(TESTS)

check: lint types contracts test ## everything a change must pass

bench: ## measure against peers and the raw limit, print one table
	@EXTRA=bench ./run python benchmarks $(BENCH)

faults: ## the long fault sweeps; KILLS=200 for more, WRITE=1 puts the figures into docs/reliability.md
	@GRAFTLINE_KILLS=$(KILLS) GRAFTLINE_FIGURES="$(if $(WRITE),make faults KILLS=$(KILLS) WRITE=1)" \
	    ./run python -m pytest -q -m "fault or sweep" --timeout 3600
	@GRAFTLINE_LAWS=1 ./run python -m pytest -q -k laws -n $(WORKERS) # with all their examples

mutations: ## edit projects in 400 ways and see what runs again; QUICK=1 for one minute, WRITE=1 as in faults
	@GRAFTLINE_MUTATIONS="$(if $(WRITE),make mutations $(if $(QUICK),QUICK=1 )WRITE=1)" \
	    ./run python -m pytest -q tests/mutations -n 0 --timeout 3600 $(if $(QUICK),-m "not sweep")

ui: ## open the terminal UI
	@./run graft ui

pictures: ## draw the pictures of the pages anew: what graft prints, and the terminal UI
	@./run python docs/pictures/make.py
	@./run python docs/pictures/ui.py

lint: ## ruff: rules and layout
	@./run ruff check .
	@./run ruff format --check .

typing: ## link the package under its name for type checkers
	@mkdir -p build/typing/graftline
	@for entry in $(ENTRIES); do \
	    if [ -e "$$entry" ]; then ln -sfn "../../../$$entry" "build/typing/graftline/$$entry"; \
	    else rm -f "build/typing/graftline/$$entry"; fi; \
	done

types: typing ## mypy, strict
	@./run mypy

contracts: typing ## import-linter: who may import whom
	@PYTHONPATH=build/typing ./run lint-imports # through the links: the root also holds .venv and tests

test-all-pythons: ## run the tests on each Python 3.11+ found
	@set -e; for python in $$(./run --pythons); do \
	    minor=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	    echo "== Python $$minor"; \
	    VENV=build/venv-$$minor PYTHON=$$python ./run python -m pytest -q -n $(WORKERS) -m "not sweep"; \
	done

clean: ## remove what these targets made
	rm -rf .venv build dist *.egg-info .graft-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
