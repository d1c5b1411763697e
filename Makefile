# The verbs of this project. `make demo` and `make test` need nothing but Python 3.11+, pip, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# Byte code is kept, wherever it is switched off: without it every process compiles all of ours anew.
export PYTHONDONTWRITEBYTECODE :=
ADDED := awk 'NR==FNR{if(/^[a-z]/)seen[$$1]=1;next} /^[a-z]/{keep=!($$1 in seen)} keep'
LOCK := --universal --python-version 3.11 --generate-hashes --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: help setup boosting demo serve test exhaustive hostile coverage calibrate certificate mutants bench lint types docs lock clients

help: ## what each verb does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv

# The lock is one file of three parts: the core and the server; the extra `boosting`; the tests.
$(VENV)/.run: $(UV) requirements.lock pyproject.toml
	@sed '/^# boosting extra/,$$d' requirements.lock > $(VENV)/run.txt
	$(UV) pip install --quiet --compile-bytecode -p $(BIN)/python --require-hashes -r $(VENV)/run.txt
	$(UV) pip install --quiet -p $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.boosting: $(VENV)/.run
	@sed '/^# test extra/,$$d' requirements.lock > $(VENV)/boosting.txt
	$(UV) pip install --quiet --compile-bytecode -p $(BIN)/python --require-hashes -r $(VENV)/boosting.txt
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(UV) pip install --quiet --compile-bytecode -p $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

setup: $(VENV)/.run ## the environment in .venv, from the hash-locked requirements

boosting: $(VENV)/.boosting ## the same with XGBoost, LightGBM and CatBoost

demo: setup ## two real models from submission to a public page, then the server on loopback
	$(BIN)/mingsuan demo

serve: setup ## the server, a worker and the signer on the data directory
	$(BIN)/mingsuan serve

test: $(VENV)/.test ## lint, types, import contracts, tests, browser journeys
	$(BIN)/python -m tests.stages

exhaustive: $(VENV)/.test ## the cases that `make test` leaves out, because they repeat what others of the same test claim; properties on examples drawn anew
	$(BIN)/pytest -q -n 2 --dist worksteal --hypothesis-profile drawn -m "exhaustive or hypothesis"

hostile: $(VENV)/.test ## every attack on the sandbox again, with all that a model's format imports
	MINGSUAN_TEST_PACKAGES=whole $(BIN)/pytest -q -n 2 --dist worksteal tests/registry/test_hostile.py tests/registry/test_second_child.py

coverage: $(VENV)/.test ## the tests again, reporting what they reach
	$(BIN)/pytest -q -n 4 --dist worksteal -m "not browser and not exhaustive" --cov --cov-report=term:skip-covered

# Each client has an environment of its own; `make test` runs the present one's tests.
clients: $(VENV)/.test ## MLflow clients of 2.22, 3.9 and 3.17, a file of 500 MB, and one digest for every model of the oracle
	$(BIN)/python -m tests.clients
	$(UV) venv --quiet --allow-existing $(VENV)/client-2.22
	$(UV) pip install --quiet -p $(VENV)/client-2.22/bin/python mlflow-skinny==2.22.5 scikit-learn pandas skops
	MINGSUAN_TEST_OLD_CLIENT=$(CURDIR)/$(VENV)/client-2.22/bin/python LARGE_BYTES=524288000 \
	MINGSUAN_MAX_SUBMISSION=1073741824 $(BIN)/pytest -q tests/portal/mlflow/test_servers.py -k notices
	WHOLE_ORACLE=1 $(BIN)/pytest -q -n 2 tests/portal/mlflow/test_digests.py

lint: $(VENV)/.test ## ruff and the import contracts
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

types: $(VENV)/.test ## mypy strict
	$(BIN)/mypy

calibrate: $(VENV)/.test ## every probe on 2,000 null data sets; writes docs/calibration.md
	$(BIN)/python -m evaluators.running.calibration

certificate: $(VENV)/.test ## which numbers of which probe moved; `make certificate WRITE=--write` certifies anew
	$(BIN)/python -m evaluators.running.certificate $(WRITE)

mutants: $(VENV)/.test ## would a wrong number be noticed: 60 numbers changed one by one, and what caught each
	$(BIN)/python -m tests.mutants

bench: $(VENV)/.test ## speed beside peers and floors, in ratios; writes benchmarks/README.md
	$(if $(LISTINGS),MINGSUAN_LISTINGS=$(LISTINGS)) $(if $(REGISTERS),MINGSUAN_REGISTERS=$(REGISTERS)) $(BIN)/python -m benchmarks $(NAMES)

docs: $(VENV)/.test ## the generated parts of the manual
	$(BIN)/python -m portal.manual

# What is pinned stays where it still fits; `make lock UPGRADE=--upgrade` takes the newest of everything.
lock: $(UV) ## compile pyproject.toml into requirements.lock
	cp requirements.lock $(VENV)/run.lock && cp requirements.lock $(VENV)/boosting.lock && cp requirements.lock $(VENV)/all.lock
	$(UV) pip compile pyproject.toml --extra server $(LOCK) $(UPGRADE) -o $(VENV)/run.lock
	$(UV) pip compile pyproject.toml --extra server --extra boosting $(LOCK) $(UPGRADE) -c $(VENV)/run.lock -o $(VENV)/boosting.lock
	$(UV) pip compile pyproject.toml --extra test $(LOCK) $(UPGRADE) -c $(VENV)/boosting.lock -o $(VENV)/all.lock
	cp $(VENV)/run.lock requirements.lock
	echo '# boosting extra: what opens models of XGBoost, LightGBM and CatBoost' >> requirements.lock
	$(ADDED) $(VENV)/run.lock $(VENV)/boosting.lock >> requirements.lock
	echo '# test extra: what only the tests need' >> requirements.lock
	$(ADDED) $(VENV)/boosting.lock $(VENV)/all.lock >> requirements.lock
