# The two commands of a newcomer: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo
WORKERS ?= 3
BENCH ?= limit embedded backfill backtest feeds scaling memory store streaming recovery latency peers forest spikes
SIZE ?=
SEED ?= 1
RESULTS ?= tests/benchmarks/results.json

# Tests start hundreds of processes; where nothing may be kept, each compiles all that it imports anew.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help install demo test check bench nightly readme model lock dashboards pin format clean

help:  ## Show what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(VENV)/.installed: pyproject.toml requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv==$(UV)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable . \
	    --build-constraint deploy/build-requirements.lock
	@touch $@

install: $(VENV)/.installed  ## Make the virtual environment with the locked dependencies

demo: install  ## Replay a recorded stream and show what zeromile finds
	@$(BIN)/zeromile demo --out $(DEMO) --force

test: install  ## Run every test that this machine can run
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not nightly" $(PYTEST_ARGS)

nightly: install  ## Run the long profiles too
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest --soak 30 $(PYTEST_ARGS)

check: install  ## Lint, types, architecture, spelling
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/codespell detectors streams tests deploy docs README.md CHANGELOG.md

pin:  ## Write the digest of every image that is pulled behind its tag
	@python3 deploy/pin_images.py

format: install  ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

readme: install  ## Bring the generated parts of README and docs up to date
	@$(BIN)/zeromile detectors list --markdown > .detectors.tmp
	@$(BIN)/zeromile schema --markdown > .schema.tmp
	@$(BIN)/zeromile schema --asyncapi > docs/asyncapi.json
	@$(BIN)/python -m tests.benchmarks capacity $(RESULTS) > .capacity.tmp
	@sed -i -e '/<!-- detectors -->/,/<!-- end -->/{//!d}' -e '/<!-- detectors -->/r .detectors.tmp' \
	    -e '/<!-- capacity -->/,/<!-- end capacity -->/{//!d}' -e '/<!-- capacity -->/r .capacity.tmp' \
	    -e '/<!-- schema -->/,/<!-- end schema -->/{//!d}' -e '/<!-- schema -->/r .schema.tmp' README.md docs/measuring.md docs/documents.md
	@rm .detectors.tmp .schema.tmp .capacity.tmp

bench: install  ## Measure beside limits and peers: BENCH="limit peers" SIZE=--quick SEED=1
	@for name in $(BENCH); do \
	    case $$name in \
	        forest) options= ;; \
	        spikes) options="--repetitions 30 --panels 10 --seed $(SEED)" ;; \
	        *) options="$(SIZE) $(if $(filter --quick,$(SIZE)),,--json $(RESULTS))" ;; \
	    esac; \
	    $(BIN)/python -W ignore -m tests.benchmarks $$name $$options; \
	done

model: install  ## Train the model that ships on a simulated country (about three minutes)
	@$(BIN)/zeromile simulate --vehicles 150000 --export-share 0.25 --start 2018-01-01 --days 3225 --seed 2026 \
	    --out .model-window.jsonl.gz --truth .model-window.truth.jsonl
	@rm -rf streams/models/shipped
	@$(BIN)/zeromile train .model-window.jsonl.gz --out streams/models/shipped --seed 1
	@rm .model-window.jsonl.gz .model-window.truth.jsonl

lock:  ## Choose new versions of all dependencies
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --group dev --extra compiled --extra evidence \
	    --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade \
	    --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --python-version 3.11 --python-platform linux --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-annotate --constraint requirements.lock --extra evidence --upgrade \
	    --custom-compile-command "make lock" pyproject.toml -o deploy/requirements.lock
	@sed -n 's/^requires = \["\(.*\)"\].*/\1/p' pyproject.toml | $(BIN)/uv pip compile --quiet \
	    --python-version 3.11 --python-platform linux --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --no-annotate --upgrade \
	    --custom-compile-command "make lock" - -o deploy/build-requirements.lock

dashboards: install  ## Write the Grafana dashboards from their code
	@$(BIN)/python -m deploy.grafana.generate

clean:  ## Remove what was made
	@rm -rf $(VENV) $(DEMO) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
