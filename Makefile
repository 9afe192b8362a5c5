# Needs Python 3.11 or newer and make. Everything else is installed into .venv, from requirements/dev.lock.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := uv==0.13.9

JSONNET            := $(sort $(shell find prototypes generator/dlaasgen/templates -name '*.*sonnet'))
GO_JSONNET         := github.com/google/go-jsonnet/cmd
GO_JSONNET_VERSION := v0.21.0
ACTIONLINT         := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
WORKFLOWS          := $(sort $(shell find .github/workflows generator/dlaasgen/templates -name '*.yml' -path '*workflows*'))

# The environment is made anew when the lock, the project file or the Python changes; otherwise `make setup` does nothing.
INPUTS := requirements/dev.lock pyproject.toml
STAMP  := $(VENV)/.ready-$(shell { $(PYTHON) --version; cat $(INPUTS); } 2>&1 | cksum | cut -d' ' -f1)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run test check static format lint types layers jsonnet workflows coverage drift docs sarif-tool images bench fuzz golden lock images-lock wheel-test clean e2e cluster cluster-down

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## Install everything into .venv (nothing to do when it is up to date)

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("dlaasgen needs Python 3.11 or newer; %s is %s. Name another one: make setup PYTHON=python3.13" % (sys.executable, sys.version.split()[0]))'
	@echo "Installing into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.ready-* && touch $@

run: setup ## Render and check matrix/nightly.yaml, collect sample logs, and say what to do next
	@echo '$$ dlaasgen render matrix/nightly.yaml'
	@$(BIN)/dlaasgen render matrix/nightly.yaml
	@echo '$$ dlaasgen check matrix/nightly.yaml'
	@$(BIN)/dlaasgen check matrix/nightly.yaml
	@echo '$$ dlaasgen collect --from examples/logs/nightly --matrix matrix/nightly.yaml --store results/nightly.db'
	@mkdir -p results
	@$(BIN)/dlaasgen collect --from examples/logs/nightly --matrix matrix/nightly.yaml --store results/nightly.db
	@echo '$$ dlaasgen report 1 --store results/nightly.db --out results/report'
	@$(BIN)/dlaasgen report 1 --store results/nightly.db --out results/report
	@echo
	@echo 'The tree is rendered/nightly; start with rendered/nightly/README.md.'
	@echo 'The report of the sample logs is results/report/report.html; open it in a browser.'
	@echo 'Next:'
	@echo '  edit matrix/nightly.yaml, `make run` again         and review what changed in rendered/'
	@echo '  $(BIN)/dlaasgen cells matrix/nightly.yaml    what the matrix expands to'
	@echo '  $(BIN)/dlaasgen --help                       every command'
	@echo '  kubectl apply -k rendered/nightly                  start the jobs (or let Argo CD do it)'

test: setup ## Run every test: unit, property, acceptance (PYTEST="-k name" to choose)
	@$(BIN)/python -m pytest --cov --cov-report= $(PYTEST)

check: static sarif-tool test coverage drift ## Everything that CI runs: static checks, tests, coverage, drift

static: lint types layers jsonnet workflows ## Format, lint, types, layers, prototypes' format, workflows

format: export PATH := $(abspath $(BIN)):$(PATH)
format: setup ## Rewrite the sources in the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only --quiet .
	@if command -v jsonnetfmt >/dev/null; then jsonnetfmt --in-place $(JSONNET); fi

lint: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: setup
	@$(BIN)/mypy

layers: setup
	@$(BIN)/lint-imports --no-logo

# PyPI has no package with these two. They come from PATH, or are built once with Go; without either, the check says that it is skipped.
jsonnet: export PATH := $(abspath $(BIN)):$(PATH)
jsonnet: setup
	@if { ! command -v jsonnetfmt || ! command -v jsonnet-lint; } >/dev/null && command -v go >/dev/null; then \
	  for tool in jsonnetfmt jsonnet-lint; do GOBIN="$(abspath $(BIN))" go install $(GO_JSONNET)/$$tool@$(GO_JSONNET_VERSION); done; fi
	@if command -v jsonnetfmt >/dev/null; then jsonnetfmt --test $(JSONNET) || { echo 'jsonnetfmt: run `make format`'; exit 1; }; \
	else echo 'jsonnetfmt: skipped, neither it nor Go is installed'; fi
	@if command -v jsonnet-lint >/dev/null; then jsonnet-lint -J prototypes $(filter %.jsonnet,$(JSONNET)); \
	else echo 'jsonnet-lint: skipped, neither it nor Go is installed'; fi

# From PATH, or built once with Go, like those. With shellcheck on PATH it reads the steps' scripts too.
workflows: export PATH := $(abspath $(BIN)):$(PATH)
workflows: setup
	@if ! command -v actionlint >/dev/null && command -v go >/dev/null; then GOBIN="$(abspath $(BIN))" go install $(ACTIONLINT); fi
	@if command -v actionlint >/dev/null; then actionlint $(WORKFLOWS); \
	else echo 'actionlint: skipped, neither it nor Go is installed'; fi

coverage: setup # of the last test run
	@$(BIN)/coverage report --omit='*/dlaasgen/adapters/*,*/dlaasgen/cli/*,*/dlaasgen/pipeline/*' --fail-under=100

drift: setup
	@$(BIN)/dlaasgen render --check matrix/

sarif-tool: setup ## Fetch what judges SARIF in the tests, with npm; without it they are skipped
	@bash .ci/sarif-tool $(VENV)/sarif

docs: setup ## Rewrite the parts of docs/ that the code says itself
	@$(BIN)/python docs/generate.py

images: setup ## Build every image on a base made here, and run its smoke test (needs root; TF_BENCHMARKS=folder: the real one)
	@bash .ci/images

bench: setup ## Measure speed beside other tools; prints a table, writes JSON
	@$(BIN)/python bench/bench.py

fuzz: setup ## Fuzz every parser with atheris (FUZZ="reader --seconds 600" to choose); Python 3.11 to 3.13
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.lock
	@PYTHONPATH=tests $(BIN)/python tests/fuzz.py $(FUZZ)

golden: setup ## Rewrite the golden files, for review in the diff
	@$(BIN)/python -m pytest --update-golden -q tests

lock: setup ## Update requirements/*.lock from pyproject.toml (UPGRADE=--upgrade for the newest versions)
	@$(BIN)/python -m pip install --quiet $(UV)
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header $(UPGRADE) pyproject.toml --group dev -o requirements/dev.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header -c requirements/dev.lock pyproject.toml -o requirements/run.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header $(UPGRADE) --group pyproject.toml:fuzz -o requirements/fuzz.lock

images-lock: setup ## Update images/requirements.txt from requirements.in, with the newest versions
	@$(BIN)/python -m pip install --quiet $(UV)
	@{ sed -n 1,2p images/requirements.txt; $(BIN)/uv pip compile -q --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --no-emit-package tensorflow \
	  images/requirements.in; } > images/requirements.new && mv images/requirements.new images/requirements.txt

wheel-test: setup ## Build the wheel, install it elsewhere, and render there
	@PYTHON="$(abspath $(BIN)/python)" bash .ci/wheel-test

e2e: setup ## Run the tests on a real cluster that they start (root, Linux, Go; docs/testing.md)
	@$(BIN)/python -m pytest tests/e2e $(PYTEST)

cluster: setup ## Start a real cluster for yourself and print its kubeconfig
	@PYTHONPATH=tests $(BIN)/python -m e2e.cluster up

cluster-down: setup ## End that cluster
	@PYTHONPATH=tests $(BIN)/python -m e2e.cluster down

clean: ## Remove everything that make made
	rm -rf $(VENV) build dist htmlcov .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
