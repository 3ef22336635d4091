# The one set of commands for people and for CI. A fresh machine needs Python 3.11 to 3.13 with venv, and make.
#
#   make demo [ARGS=--headless]   a synced sandbox portal and the Dagster UI on it
#   make test [ARGS="-k name"]    the whole suite
#
# Everything is installed into .venv from the two constraint files, each archive checked against its hash, and the
# project itself last, without asking any index again. Nothing is done twice: stamps in .venv remember.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEVELOP := $(VENV)/.develop

# The first interpreter that fits and can make an environment; 3.11 comes first because the suite runs on it most.
# Another one: make PYTHON=python3.13 demo
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	"$$p" -c '$(FITS)' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

# Only archives that are built already and whose hash is listed: no build scripts run, no index is believed.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all:

export DAGSTER_DISABLE_TELEMETRY := 1
# Without it `dg` warns that the environment it runs in is not the active one.
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo dev test check format docs screenshots bench install constraints clean

help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## sandbox, first sync and the Dagster UI (ARGS=--headless: the same without UI)
	$(BIN)/ml-connector demo $(ARGS)

dev: $(RUNTIME) ## the Dagster UI and daemon on your own connections
	$(BIN)/ml-connector dev $(ARGS)

test: $(DEVELOP) ## the whole suite on two cores
	$(BIN)/python -m pytest -n 2 --dist worksteal --durations=15 $(ARGS)

check: $(DEVELOP) ## lint, format, types, and everything Dagster can validate
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/dagster definitions validate
	$(BIN)/dagster definitions validate -w workspace.yaml
	$(BIN)/dg check toml
	$(BIN)/dg check defs
	$(BIN)/dg check yaml

format: $(DEVELOP) ## put the code into the form that check asks for
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(RUNTIME) ## write the pages of docs/ that are made from the code
	$(BIN)/python -m scripts.references

screenshots: $(DEVELOP) ## take the pictures of docs/ again (needs Chromium; ARGS="plan check")
	$(BIN)/python -m scripts.screenshots $(ARGS)

bench: $(DEVELOP) ## beside two peers, and what is promised (ARGS="--goals c --works W1")
	$(BIN)/python -m bench $(ARGS)

install: $(DEVELOP) ## only the environment, with the tools for development

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "ml-connector needs Python 3.11, 3.12 or 3.13 with its venv module;" \
		"name it with make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Making the environment in $(VENV) with $(PYTHON) (about a minute, once)"
	"$(PYTHON)" -m venv $(VENV)

$(RUNTIME): constraints.txt pyproject.toml setup.cfg | $(BIN)/python
	$(INSTALL) -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(DEVELOP): constraints-dev.txt $(RUNTIME)
	$(INSTALL) -r constraints-dev.txt
	$(BIN)/python -m pip check
	@touch $@

# For whoever changes a dependency; needs uv (UV=/path/to/uv). The second file holds only what the first does not.
UV ?= uv
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-header pyproject.toml
constraints: ## resolve both constraint files again from pyproject.toml
	$(COMPILE) --group build --output-file constraints.txt
	$(COMPILE) --extra dev --extra bench --constraints constraints.txt --output-file constraints-dev.txt \
		$$(sed -n 's/^\([a-z0-9-]*\)==.*/--no-emit-package \1/p' constraints.txt | sort -u)

clean: ## remove the environment and what tools left behind; never .ml-connector, which holds data
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find ml_connector ml_connector_tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
