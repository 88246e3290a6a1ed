# Two commands from a fresh machine:  make ask Q="…"   and   make test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --progress-bar on
# The question as typed: make must not expand a dollar sign in it.
export QUESTION := $(value Q)

.PHONY: ask bot index check test lint format lock licences clean help

help:
	@echo 'make ask Q="when did Patriot deliveries pause?"   ask the library in content/'
	@echo 'make bot      start the Discord bot               make index   bring the index up to date'
	@echo 'make test     run the tests                       make check   lint the articles'
	@echo 'make lint     run the linters and type checks     make lock    renew the locked dependencies'

ask: $(VENV)/.ready
	@if [ -z "$$QUESTION" ]; then echo 'Give a question: make ask Q="when did Patriot deliveries pause?"' >&2; exit 2; fi
	@$(BIN)/beleg ask -- "$$QUESTION"

bot: $(VENV)/.ready
	@$(BIN)/beleg run

index check: $(VENV)/.ready
	@$(BIN)/beleg $@

test: $(VENV)/.ready-dev
	@$(BIN)/python -m pytest

lint: $(VENV)/.ready-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.ready-dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# Everything but torch by its hash, and nothing that is not locked. torch then, without a hash, as
# its builds with and without CUDA differ; and last what another Python or system needs besides.
$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Beleg needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set one with make PYTHON=python3.11 ...")'
	@echo 'Setting up $(VENV): a minute or two, once.'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --no-deps --require-hashes -r requirements.lock
	@$(PIP) $$(grep -o 'torch==[0-9.]*' pyproject.toml)
	@$(PIP) --no-build-isolation -e .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	@$(PIP) --no-deps --require-hashes -r requirements-dev.lock
	@$(PIP) --no-build-isolation -e '.[dev]'
	@touch $@

lock: $(VENV)/.ready-dev
	$(BIN)/pip-compile -q $(UPGRADE) $(LOCK_OPTIONS) -o requirements.lock pyproject.toml
	$(BIN)/pip-compile -q $(UPGRADE) $(LOCK_OPTIONS) --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	sed -i '/^torch==/,/[^\\]$$/d' requirements.lock requirements-dev.lock
	@touch $(VENV)/.ready $(VENV)/.ready-dev
	$(MAKE) licences
UPGRADE := --upgrade
LOCK_OPTIONS := --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

licences: $(VENV)/.ready-dev
	@{ printf '# Licences\n\nOf everything that Beleg installs; made by `make licences`.\n\n'; \
	$(BIN)/pip-licenses --from=mixed --format=markdown --with-system --packages torch $$(grep -o '^[a-z0-9.-]*==' requirements.lock | tr -d '='); } > docs/licences.md

clean:
	rm -rf $(VENV) .data build *.egg-info
