# Two commands do all their own set-up on a machine with Python 3.11 or newer and make: `make demo` and `make test`.
PY ?= python3
UV ?= uv
V  := .venv/bin
SOURCES := workflow storage scheduler cli tests $(wildcard examples/*.py benchmarks)
PIP := $(V)/python -m pip --disable-pip-version-check

# Where an environment forbids to keep compiled modules, every command and every process of the tests would compile them
# all again: a quarter of its start.
unexport PYTHONDONTWRITEBYTECODE

# The tests wait for the disk a third of their time: where 4 GB of memory are to be lent, and programs may be started
# from there, their databases lie in memory.
MEMORY := $(shell grep -qs '^[^ ]* /dev/shm .*noexec' /proc/mounts || \
  df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 {print "/dev/shm"}')

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint pytest bench docs audit-deps lock

help:
	@echo "make demo    run the whole examination round of examples/ on an embedded database"
	@echo "make test    everything that CI checks: lint, types, imports and the tests, on SQLite and PostgreSQL"
	@echo "make lint    the first half of that"
	@echo "make bench   the benchmarks"
	@echo "make docs    renew the documents that are made from the code"
	@echo "make audit-deps  list the licences of what the product brings along, and the known holes in it"
	@echo "make setup   only build .venv"
	@echo "make lock    renew requirements.lock after a change in pyproject.toml (LOCK=--upgrade: newer versions too)"

setup: .venv/.stamp

# Only what the lock names, by hash, and no source builds: the same tree on every machine. The project itself is then
# built by the locked hatchling, without a look at any index.
.venv/.stamp: requirements.lock pyproject.toml
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "setup: '$(PY)' is missing or older than Python 3.11; name another one: make setup PY=python3.12" >&2; exit 1; }
	@$(PY) -m venv .venv || { \
	  echo "setup: '$(PY)' cannot make a virtual environment: it came without venv or ensurepip." >&2; \
	  echo "       On Debian and Ubuntu install python3-venv, or name another Python: make setup PY=python3.12" >&2; exit 1; }
	@echo "setup: installing requirements.lock into .venv (a minute the first time)"
	@$(PIP) install -qq --no-deps --require-hashes --only-binary :all: -r requirements.lock
	@$(PIP) install -qq --no-deps --no-index --no-build-isolation -e .
	@$(PIP) check
	@$(V)/python -m compileall -q workflow storage scheduler cli
	@touch $@

demo: setup
	@$(V)/python examples/demo.py

lint: setup
	$(V)/ruff check .
	$(V)/ruff format --check .
	$(V)/mypy $(SOURCES)
	$(V)/lint-imports --no-logo

test: lint pytest

pytest: setup
	@folder=$$(mktemp -d $(if $(MEMORY),-p $(MEMORY))) && trap 'rm -rf "$$folder"' EXIT && chmod 755 "$$folder" && \
	TMPDIR="$$folder" $(V)/python -m pytest -q -n auto $(PYTEST)

bench: setup
	$(V)/python -m benchmarks

docs: setup
	@$(V)/python -m tests.architecture.generated

audit-deps: setup
	@$(V)/python -m tests.architecture.dependencies

lock:
	@command -v $(UV) >/dev/null || { echo "lock: uv is not on the PATH; install it with: pip install uv" >&2; exit 1; }
	# uv, since it alone writes names, versions, markers and hashes for every platform and never an address.
	$(UV) pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet $(LOCK) -o requirements.lock
	@! grep -nE '(https?|file)://|--(extra-)?index-url|--find-links' requirements.lock || { \
	  echo "lock: an address stands in requirements.lock; take it out" >&2; exit 1; }
