# `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PG ?= 15 18
PYTHON := .venv/bin/python
TESTS ?=
PROOFS := tests/python/test_crash_points.py tests/python/test_crash_points_of_verbs.py \
	tests/python/test_crash_points_of_clients.py tests/races/test_every_pair.py \
	tests/races/test_interleavings.py tests/races/test_ledger_interleavings.py \
	tests/python/test_model.py tests/python/test_ledger_model.py tests/python/test_workflow_model.py \
	tests/python/test_workflow_kills.py tests/python/test_schedule_ticks.py tests/python/test_schedule_dialect.py \
	tests/python/test_schedule_kills.py tests/python/test_api_schema.py tests/hotpath/test_metrics.py \
	tests/python/test_mutation.py tests/drills/test_drill.py tests/drills/test_checker_worlds.py tests/drills/test_exposure.py
ARGS ?=

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: venv
venv: ## .venv with faultline and PostgreSQL 18: enough for the demo
	@tools/setup.sh venv

.PHONY: setup
setup: ## everything that build and tests need
	@tools/setup.sh

.PHONY: demo
demo: venv ## real work on this tree, with crashes: does it add up?
	@.venv/bin/faultline demo .

.PHONY: test
test: setup ## on PostgreSQL 15 and 18; less: PG=18 TESTS=tests/python
	@tools/test.sh "$(PG)" $(TESTS)

.PHONY: bench
bench: venv ## beside the least SQL for its work (20 minutes); ARGS=--quick
	@$(PYTHON) -m bench $(ARGS)

.PHONY: bench-peers
bench-peers: venv ## beside other queues, installed into .tools (hours)
	@bench/peers/setup || true
	@$(PYTHON) -m bench peers $(ARGS)

.PHONY: bench-profile
bench-profile: venv ## where the time of a drain goes (ARGS="--flame FILE.svg")
	@bench/peers/setup spy
	@$(PYTHON) -m bench profile $(ARGS)

.PHONY: drill
drill: setup ## all that can be broken here (10 minutes); ARGS=runners
	@.venv/bin/faultline drill $(ARGS)

.PHONY: soak
soak: setup ## a million jobs in an hour, a kill every few seconds
	@TMPDIR="$${TMPDIR:-/var/tmp}" .venv/bin/faultline drill --soak --seconds 1h $(ARGS)

.PHONY: proofs
proofs: setup ## the long proofs in full size (two hours)
	@FAULTLINE_FULL=1 FAULTLINE_MODEL_EXAMPLES=300 FAULTLINE_MODEL_STEPS=100 tools/test.sh "$(PG)" $(PROOFS)

.PHONY: model
model: setup ## Spin searches a model: ARGS="effect -DNO_FENCE" breaks it
	@$(PYTHON) -m tools.spin $(ARGS)

.PHONY: mutation
mutation: setup ## the SQL broken, one place at a time (docs/mutation.md)
	@FAULTLINE_PG_BIN="$${FAULTLINE_PG_BIN:-$$PWD/.tools/postgresql-15/usr/lib/postgresql/15/bin}" \
		nice -n 15 $(PYTHON) -m tests.mutation $(ARGS)

.PHONY: lint
lint: setup ## ruff, mypy --strict, squawk
	@tools/lint.sh

.PHONY: format
format: venv ## ruff format, and what ruff can fix
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

.PHONY: snapshot
snapshot: setup ## runner/faultline/schema.sql anew from the Sqitch project
	@$(PYTHON) -m tools.snapshot

.PHONY: migrate
migrate: setup ## sqitch deploy where FAULTLINE_DSN, PGHOST, … point
	@$(PYTHON) -m tools.sqitch deploy

.PHONY: api
api: venv ## the HTTP API on 127.0.0.1:8000; ARGS="--port 9000"
	@.venv/bin/faultline api $(ARGS)

.PHONY: up
up: ## PostgreSQL, runners, API, Prometheus, Grafana in containers
	@docker compose up --detach --build

.PHONY: down
down: ## stop the containers (the data stays)
	@docker compose down

.PHONY: logs
logs: ## follow the containers' logs
	@docker compose logs --follow
