# Kawan Asuh. `make run` and `make test` do all their own set-up in .venv.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CODE := bot conversations locales storage tests
PYTEST := $(BIN)/python -m pytest -n 2
COVERED := --cov=conversations --cov=storage --cov=bot.turn --cov=bot.due_work --cov-report=term:skip-covered --cov-fail-under=95
PYTHONS := $(PYTHON) python3 python3.13 python3.12 python3.11 python

.DEFAULT_GOAL := help
.PHONY: help run test setup lint types format bench soak docs clean

help:
	@echo "make run     jalankan Kawan Asuh di http://127.0.0.1:8080"
	@echo "make test    jalankan semua tes"
	@echo "make setup   siapkan $(VENV) saja"
	@echo "juga: make lint types format bench soak docs clean"

run: $(READY)
	@$(BIN)/kawan run

test: $(READY)
	@$(PYTEST) $(if $(TESTS),$(TESTS),$(COVERED))

setup: $(READY)

lint: $(READY)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/lint-imports

types: $(READY)
	@$(BIN)/mypy

format: $(READY)
	@$(BIN)/ruff check --fix $(CODE)
	@$(BIN)/ruff format $(CODE)

bench: $(READY)
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench.broadcast
	@$(BIN)/python -m tests.bench.idle
	@$(BIN)/python -m tests.bench.alarm
	@$(BIN)/python -m tests.bench.webhooks

soak: $(READY)
	@$(PYTEST) -m soak tests

docs: $(READY)
	@KAWAN_DOCS=1 $(PYTEST) -m browser tests/browser

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis tests/artifacts
	rm -f .coverage .coverage.*
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# With uv it takes seconds and brings a Python of its own where none is new enough.
$(READY): pyproject.toml constraints.txt
	@set -e; \
	say() { echo "$$1" >&2; exit 1; }; \
	new_enough='import sys; sys.exit(sys.version_info < (3, 11))'; \
	python=; \
	for one in $(PYTHONS); do \
	  if "$$one" -c "$$new_enough" >/dev/null 2>&1; then python=$$one; break; fi; \
	done; \
	if command -v uv >/dev/null 2>&1 && uv pip install --help 2>/dev/null | grep -q -e --group; then \
	  echo "Menyiapkan $(VENV) dengan uv …"; \
	  uv venv --quiet --allow-existing --python "$${python:-3.13}" $(VENV) \
	    || say "uv tidak dapat membuat $(VENV)."; \
	  uv pip install --quiet --python $(BIN)/python -c constraints.txt -e . --group dev \
	    || say "Pustaka tidak dapat dipasang: periksa sambungan internet, lalu ulangi."; \
	else \
	  test -n "$$python" || say "Perlu Python 3.11 atau lebih baru (python3 di sini: $$(python3 -V 2>&1 || true))."; \
	  "$$python" -c 'import venv, ensurepip' >/dev/null 2>&1 \
	    || say "Modul venv tidak ada. Di Debian atau Ubuntu: sudo apt install python3-venv"; \
	  echo "Menyiapkan $(VENV) dengan $$python, sekali saja …"; \
	  "$$python" -m venv $(VENV) || say "$(VENV) tidak dapat dibuat di folder ini."; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1' \
	    && $(BIN)/python -m pip install --quiet -c constraints.txt -e . --group dev \
	    || say "Pustaka tidak dapat dipasang: periksa sambungan internet, lalu ulangi."; \
	fi
	@touch $(READY)
