# Every target sets up what it needs: `make demo` and `make test` work in a fresh clone.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.installed
SOURCES := operator serving
CLUSTER := $(BIN)/python -m tests.cluster

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-18s %s\n", $$1, $$2}'

setup: $(SETUP) ## create the virtual environment with the locked versions

$(SETUP): .locks/dev.txt pyproject.toml
	@.ci/debian-packages python3-venv
	@echo "Creating $(VENV) with the versions of .locks/dev.txt"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Pointsman needs Python 3.11 or later: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .locks/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

check: setup static test-fast test-chart ## the gate: format, lint, types, import contracts, fast tests, chart

static: setup ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-fast: setup ## the pure and process layers: seconds, no cluster
	@for program in wrk npm; do command -v $$program >/dev/null || .ci/debian-packages $$program; done
	$(BIN)/pytest -n 2 -m "not integration and not e2e and not environments" --ignore tests/chart tests

test-compiled: setup ## the tests of what requests run through, on the modules as the images compile them
	@.ci/debian-packages gcc libc6-dev python3-dev
	.ci/test-compiled

test-chart: setup ## the chart, rendered by the real Helm, which is built once
	$(CLUSTER) tools --only helm
	$(BIN)/pytest -m "not integration and not e2e" tests/chart

test-environments: setup ## the server on each XGBoost that has an image, and others' clients: 2 GB of packages, once
	$(BIN)/pytest -m environments tests

test-cluster: images ## integration and e2e, on a real cluster (KUBECONFIG or one made here)
	$(BIN)/pytest -m "integration or e2e" --durations=10 tests

LAYERS := test-fast test-compiled test-environments test-chart
test-local: setup ## all layers that need no cluster
	@for layer in $(LAYERS); do $(MAKE) --no-print-directory $$layer || exit; done

# Beside each other: the cluster's tests mostly wait for pods, which leaves the processors to the others. Not before the
# images are there, whose making leaves nothing. LANES=1: one after the other.
LANES := 2
test: images ## every layer
	@$(MAKE) --no-print-directory --jobs=$(LANES) lane-cluster lane-local

lane-%:
	@set -o pipefail; $(if $(filter local,$*),nice) $(MAKE) --no-print-directory --old-file=images test-$* 2>&1 | sed -u 's/^/$* | /'

generate: setup ## write the CRDs, the chart's copies, its schema and README, the messages of recordio-protobuf
	$(BIN)/python -m endpoint_operator.api.generate
	$(BIN)/python -m tests.chart.generate
	$(BIN)/python -m grpc_tools.protoc -Iserving --python_out=serving --pyi_out=serving serving/xgboost_server/codecs/record.proto
	$(BIN)/ruff format --quiet .

lock: setup ## resolve the versions of .locks anew
	$(BIN)/python .ci/lock

images: setup ## build the images and give them to the cluster
	$(CLUSTER) images

cluster: setup ## start a real single-node Kubernetes and print its KUBECONFIG
	$(CLUSTER) up

cluster-down: setup ## stop it, leaving nothing behind
	$(CLUSTER) down

demo: images ## the whole story on a real cluster, with a report to look at
	$(BIN)/python -m tests.demo run

demo-down: setup ## remove what the demo installed
	$(BIN)/python -m tests.demo clean

bench: setup ## router and model server beside their peers: make bench BENCH="--quick --only router"
	@.ci/debian-packages nginx-light haproxy wrk gcc python3-dev
	$(BIN)/python -m tests.bench $(BENCH)

.PHONY: help setup check static test-fast test-compiled test-chart test-environments test-cluster test-local test generate lock images cluster cluster-down demo demo-down bench
