# Each target sets up what it needs by itself, in .venv.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast coverage lint format types bench model wheels bundle verifier lock check clean campaign-sign campaign-postgres campaign-crash kit kit-mutations

# The first of these that coldlever runs on; `make PYTHON=…` chooses another.
PYTHON ?= python3 python3.13 python3.12 python3.11
VENV := .venv
BIN := $(VENV)/bin
# Stages of one environment: each adds what its targets need and nothing else.
BUILD := $(VENV)/.build-ready
RUN := $(VENV)/.run-ready
DEV := $(VENV)/.dev-ready
LOCK := $(VENV)/.lock-ready
INTEROP := tests/interop/node_modules/.ready
CLIENTS := $(VENV)/clients/.ready
VERIFIER := tools/verifier/node_modules/.ready
PACKAGES := shared signer broadcaster

# The locks are complete, so pip resolves nothing and every day gives the same environment.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
LOCKED := $(INSTALL) --require-hashes
WHOLE := $(BIN)/python -m pip check --disable-pip-version-check

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(DEV) ## Make .venv with everything for development

$(VENV)/.made:
	@python=$$(tools/python.sh $(PYTHON)) || exit 2; \
	  echo "Making the environment $(VENV) with $$($$python --version)"; \
	  $$python -m venv --clear $(VENV)
	@touch $@

$(BUILD): $(VENV)/.made requirements/build.txt
	@echo "Installing what building needs"
	@$(LOCKED) -r requirements/build.txt
	@touch $@

$(RUN): $(BUILD) requirements/run.txt $(PACKAGES:%=%/pyproject.toml)
	@echo "Installing what coldlever needs to run (about 20 seconds)"
	@$(LOCKED) -r requirements/run.txt
	@tools/quietly.sh $(INSTALL) --no-build-isolation $(PACKAGES:%=--editable ./%)
	@tools/quietly.sh $(WHOLE)
	@touch $@

$(DEV): $(RUN) requirements/dev.txt
	@echo "Installing the tools of development (about 30 seconds)"
	@$(LOCKED) -r requirements/dev.txt
	@tools/quietly.sh $(WHOLE)
	@touch $@

$(LOCK): $(BUILD) requirements/lock.txt
	@$(LOCKED) -r requirements/lock.txt
	@touch $@

# npm's packages for the interoperability tests; without npm those tests are skipped.
$(INTEROP): tests/interop/package.json
	@if command -v npm >/dev/null 2>&1; then \
	  cd tests/interop && npm install --no-package-lock --no-audit --no-fund --silent && touch node_modules/.ready; \
	else echo "npm not found: the UR interoperability test will be skipped, and nktkas' with it"; fi

# What the verifier in JavaScript is built with and stands on, by the hashes of its lock.
$(VERIFIER): tools/verifier/package-lock.json
	@if command -v npm >/dev/null 2>&1; then \
	  cd tools/verifier && npm ci --ignore-scripts --no-audit --no-fund --silent && touch node_modules/.ready; \
	else echo "npm not found: the verifier in JavaScript will not be compared"; fi

# PyPI's ccxt pins much of what it needs, so it gets an environment of its own (150 MB). Where it
# cannot be had, its test is skipped; in CI that is a failure.
$(CLIENTS): $(VENV)/.made requirements/clients.txt
	@echo "Installing ccxt, a client to test the rehearsal with"
	@{ $(BIN)/python -m venv --clear $(VENV)/clients && \
	  $(VENV)/clients/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/clients.txt && \
	  touch $@; } || { rm -rf $(VENV)/clients; echo "ccxt could not be installed: its test will be skipped"; test -z "$$CI"; }

demo: $(RUN) ## Run a whole leverage change against a local exchange, with explanations
	@$(BIN)/python tools/demo.py

test: $(DEV) $(INTEROP) $(CLIENTS) $(VERIFIER) ## Run all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile -q

test-fast: $(DEV) ## Run the tests without the slow ones
	$(BIN)/python -m pytest -n 2 --dist loadfile -q -m "not slow"

# Children that a test kills leave damaged data files; coverage names them and goes on without.
coverage: $(DEV) $(INTEROP) $(VERIFIER) ## Run all tests, measure branch coverage in all processes, and hold the gate
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2 --dist loadfile -q -m "not unmeasured"
	@$(BIN)/coverage combine --quiet
	@rm -f .coverage.*
	$(BIN)/coverage report
	$(BIN)/python -m pytest -q -m unmeasured

lint: $(DEV) ## Style, types and import walls
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .

bench: $(DEV) ## Measure, with ratios against peers in the same run
	$(BIN)/python -m benchmarks

model: $(RUN) ## Check the model of what becomes of a payload (needs spin and gcc)
	tools/check_model.sh $(BIN)/python
# The traced part wants strace, and goes without where it is missing.
campaign-sign: $(DEV) ## Kill `sign` in some 700 places and look at what it leaves (ten minutes)
	$(BIN)/python tools/campaign_sign.py

# KILLS=n for another number, SEED=n to draw the same again.
campaign-crash: $(DEV) ## Kill `post` and `resolve` 1,000 times and judge what they tell (ten minutes)
	$(BIN)/python tools/campaign_crash.py --kills $(or $(KILLS),1000) $(if $(SEED),--seed $(SEED))

# Wants Debian's postgresql. Half an hour.
campaign-postgres: $(DEV) ## Break everything around four processes that share a ledger on PostgreSQL
	$(BIN)/python tools/campaign_postgres.py

kit: $(DEV) ## Make the files of the test kit anew (docs/test-kit.md)
	$(BIN)/python tools/make_kit.py

# EDITS=n for another number, SEED=n to draw others.
kit-mutations: $(DEV) $(VERIFIER) ## Edit files of the test kit 1,000 times, judged by both implementations (needs node)
	$(BIN)/python tools/kit_mutations.py --edits $(or $(EDITS),1000) --seed $(or $(SEED),1)

wheels: $(BUILD) ## Build the three wheels into dist/
	@rm -rf dist $(PACKAGES:%=%/build)
	@for package in $(PACKAGES); do \
	  tools/quietly.sh $(BIN)/python -m build --wheel --no-isolation --outdir dist $$package || exit 1; \
	  rm -rf $$package/build; \
	done
	@ls dist

bundle: wheels ## Pack all wheels of the signer for a machine without a network
	rm -rf dist/signer-bundle
	mkdir -p dist/signer-bundle/wheels
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
	  --dest dist/signer-bundle/wheels -r requirements/signer.txt
	cp dist/coldlever_shared-*.whl dist/coldlever_signer-*.whl dist/signer-bundle/wheels/
	cp docs/install-offline.md dist/signer-bundle/README.md
	cd dist/signer-bundle && sha256sum wheels/* README.md > SHA256SUMS
	tar -C dist -cf dist/coldlever-signer-bundle.tar signer-bundle
	@echo "dist/coldlever-signer-bundle.tar"; sha256sum dist/coldlever-signer-bundle.tar

verifier: $(VERIFIER) ## Build dist/verifier.html, which checks documents in a browser (needs node)
	node tools/verifier/build.mjs dist/verifier.html

lock: $(LOCK) ## Lock the dependencies anew
	cd requirements && for name in dev run signer broadcaster scan camera postgres watch build lock clients; do \
	  constraint=; [ $$name = dev ] || [ $$name = clients ] || constraint="--constraint dev.txt"; \
	  unsafe=--allow-unsafe; [ $$name = lock ] && unsafe=--no-allow-unsafe; \
	  CUSTOM_COMPILE_COMMAND="make lock" ../$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url \
	    --no-emit-trusted-host --no-emit-find-links --strip-extras $$unsafe --no-annotate $$constraint \
	    --output-file $$name.txt $$name.in || exit 1; \
	done

check: ## All that CI runs: about ten minutes
	tools/check.sh

clean: ## Remove everything that was made
	rm -rf $(VENV) .venv-3.* dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* tests/interop/node_modules tools/verifier/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf $(PACKAGES:%=%/build) $(PACKAGES:%=%/src/*.egg-info)
