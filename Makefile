# Each target sets up what it needs by itself, in .venv.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast lint format types bench wheels bundle lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
INTEROP := tests/interop/node_modules/.ready
PACKAGES := shared signer broadcaster

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## Make .venv with everything for development

$(READY): requirements/dev.txt $(PACKAGES:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "coldlever needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  $(PACKAGES:%=--editable ./%)
	@touch $@

# The other UR implementation, for the interoperability test; without npm that test is skipped.
$(INTEROP): tests/interop/package.json
	@if command -v npm >/dev/null 2>&1; then \
	  cd tests/interop && npm install --no-package-lock --no-audit --no-fund --silent && touch node_modules/.ready; \
	else echo "npm not found: the UR interoperability test will be skipped"; fi

demo: $(READY) ## Run a whole leverage change against a local exchange, with explanations
	@$(BIN)/python tools/demo.py

test: $(READY) $(INTEROP) ## Run all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile -q

test-fast: $(READY) ## Run the tests without the slow ones
	$(BIN)/python -m pytest -n 2 --dist loadfile -q -m "not slow"

lint: $(READY) ## Style, types and import walls
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .

bench: $(READY) ## Measure, with ratios against peers in the same run
	$(BIN)/python -m benchmarks

wheels: $(READY) ## Build the three wheels into dist/
	rm -rf dist $(PACKAGES:%=%/build)
	for package in $(PACKAGES); do \
	  $(BIN)/python -m build --wheel --no-isolation --outdir dist $$package >/dev/null || exit 1; \
	  rm -rf $$package/build; \
	done
	@ls dist

bundle: wheels ## Pack all wheels of the signer for a machine without a network
	rm -rf dist/signer-bundle
	mkdir -p dist/signer-bundle/wheels
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  --dest dist/signer-bundle/wheels -r requirements/signer.txt
	cp dist/coldlever_shared-*.whl dist/coldlever_signer-*.whl dist/signer-bundle/wheels/
	cp docs/install-offline.md dist/signer-bundle/README.md
	cd dist/signer-bundle && sha256sum wheels/* README.md > SHA256SUMS
	tar -C dist -cf dist/coldlever-signer-bundle.tar signer-bundle
	@echo "dist/coldlever-signer-bundle.tar"; sha256sum dist/coldlever-signer-bundle.tar

lock: $(READY) ## Lock the dependencies anew
	cd requirements && for name in dev signer broadcaster scan; do \
	  constraint=; [ $$name = dev ] || constraint="--constraint dev.txt"; \
	  CUSTOM_COMPILE_COMMAND="make lock" ../$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url \
	    --no-emit-trusted-host --no-emit-find-links --strip-extras --allow-unsafe --no-annotate $$constraint \
	    --output-file $$name.txt $$name.in || exit 1; \
	done

clean: ## Remove everything that was made
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage tests/interop/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf $(PACKAGES:%=%/build) $(PACKAGES:%=%/src/*.egg-info)
