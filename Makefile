# The commands of Leanpix. `make` alone lists them.

PORT ?= 8080
CORPUS ?=
STAGE ?=
PYTEST_ARGS ?=

SHELL := /bin/sh
BIN := .venv/bin

# What is compiled once need not be compiled by every command.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

.PHONY: help setup dist demo check clients mutants test serve chaos bench synth rehearse arm64 openapi lint audit format clean
.DEFAULT_GOAL := help

help: ## list the commands
	@echo "Leanpix. Each command sets up first what it needs."
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 15

setup: ## install everything into .venv and .venv-cloud, build the Lambda layers
	@sh tools/setup.sh

demo: setup ## start the local cloud, optimize a real photo, show the savings
	@exec $(BIN)/leanpix demo

check: setup ## run the checks and tests of a day's loop, under a minute
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports >build/lint-imports.log || { cat build/lint-imports.log; exit 1; }
	@$(BIN)/python -m pytest -q -m "not slow" tests/unit tests/benchmarks tests/tools $(PYTEST_ARGS)

mutants: setup ## change the code in small ways, and name changes that no test notices (SECONDS=600)
	@exec $(BIN)/python tools/mutants.py --seconds $(or $(SECONDS),600)

test: setup ## run the whole test suite
	@exec $(BIN)/python -m pytest $(PYTEST_ARGS)

clients: setup ## run Tinify's clients of every language that can be had here
	@LEANPIX_ALL_CLIENTS=1 exec $(BIN)/python -m pytest -v -n0 -rs tests/e2e/test_tinify_python.py tests/e2e/test_tinify_clients.py $(PYTEST_ARGS)

serve: setup ## run the local cloud in the foreground (PORT=8080)
	@exec $(BIN)/leanpix serve --port $(PORT)

chaos: setup ## kill optimizers under load on a local cloud, then audit the ledger
	@exec $(BIN)/leanpix chaos

bench: setup ## run the benchmarks (CORPUS=folder)
	@$(BIN)/python -m benchmarks $(if $(CORPUS),--corpus "$(CORPUS)")
	@exec $(BIN)/python -m benchmarks.command

rehearse: setup ## update a local stack to an older version and back, images at work
	@exec $(BIN)/python -m leanpix_cli.rehearsal

arm64: setup ## run the layers that Lambda gets on this machine, and compare
	@PYTHONPATH=. $(BIN)/python tools/arm64.py

synth: setup ## write the CloudFormation template into cdk.out (STAGE=dev)
	@CDK_OUTDIR="$${CDK_OUTDIR:-cdk.out}" $(BIN)/python app.py $(if $(STAGE),-c stage=$(STAGE))

openapi: setup ## write docs/openapi.yaml and docs/reasons.md from the code
	@$(BIN)/python tools/openapi.py

lint: setup ## run every static check
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/openapi.py --check
	@$(BIN)/python tools/command_docs.py --check
	@CDK_OUTDIR=build/lint $(BIN)/python app.py
	@CDK_OUTDIR=build/lint $(BIN)/python app.py -c stage=prod
	@CDK_OUTDIR=build/lint $(BIN)/python -m infra.delivery -c repository=owner/leanpix
	@$(BIN)/cfn-lint build/lint/*.template.json
	@$(BIN)/python -m infra.rules 2>build/lint/rules.log || { cat build/lint/rules.log; exit 1; }
	@$(BIN)/python tools/lint_workflows.py
	@echo "lint: clean"

dist: setup ## build the wheels and the sources of both packages into dist/
	@PYTHONPATH=. $(BIN)/python tools/dist.py

audit: setup ## ask PyPI for known flaws of what uv.lock pins
	@$(BIN)/python tools/audit.py

format: setup ## format the code
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

clean: ## remove everything that setup and the other commands made
	@rm -rf .venv .venv-cloud .tools .local build cdk.out dist
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
