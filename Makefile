# The README's two commands are `make run` and `make test`; each sets up all it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check format docs pictures lock bench peers clean

run: $(VENV)/.installed-run
	$(BIN)/gateway serve

test: $(VENV)/.installed-dev peers
	$(BIN)/pytest
	@if command -v node >/dev/null; then node --test tests/viewer/*.test.js; \
	else echo "SKIPPED tests/viewer: node is not installed"; [ "$$GATEWAY_TEST_PEERS" != required ]; fi

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The README's tables of settings and routes, from the code.
docs: $(VENV)/.installed-dev
	$(BIN)/python -m tests.docs

# The README's pictures, of a real gateway over the sample PACS.
pictures: $(VENV)/.installed-dev peers
	$(BIN)/python -m tests.pictures

bench: $(VENV)/.installed-dev peers
	$(BIN)/python -m tests.bench

peers:
	@sh tests/peers.sh

# The lock files pin every dependency by hash; regenerate them after editing pyproject.toml.
lock: $(VENV)/.installed-dev
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes pyproject.toml -o .lock/run.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --extra dev pyproject.toml -o .lock/dev.txt

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV) || { echo "Python cannot make a venv; on Debian: apt install python3-venv"; exit 1; }

$(VENV)/.installed-run: .lock/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what it needs into $(VENV), once; this takes a minute or two."
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .lock/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/.installed-dev: .lock/dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what development needs into $(VENV), once; this takes some minutes."
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .lock/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@ $(VENV)/.installed-run

clean:
	rm -rf $(VENV) data .mypy_cache .ruff_cache .pytest_cache
