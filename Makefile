# Needs Python 3.11 or newer, make and a package index. Everything else is installed into .uv/ and .venv/ here.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV := .uv/bin/uv
RUN := $(UV) run --frozen --no-sync
WORKERS ?= 2
# uv trusts what the system trusts, as pip does: an index may stand behind a certificate authority of its own.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= true
endif
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-fastapi test test-fast lint types fix bench wheels docs clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9,<0.14'

.venv/.synced: .uv/bin/uv pyproject.toml uv.lock packages/paylera/pyproject.toml packages/paylera-fastapi/pyproject.toml packages/paylera-sandbox/pyproject.toml
	$(UV) sync --frozen --all-groups --all-extras --python $(PYTHON)
	@touch $@

setup: .venv/.synced  ## create the environment

demo: setup  ## sandbox + Django example on http://127.0.0.1:8001
	$(RUN) python examples/python/demo.py django

demo-fastapi: setup  ## sandbox + FastAPI example on http://127.0.0.1:8002
	$(RUN) python examples/python/demo.py fastapi

# The browser's tests come after the others, in one process: Playwright's event loop keeps others from starting.
test: setup foreign  ## every test; the core must be covered whole
	$(RUN) pytest -m 'not browser' -n $(WORKERS) --dist loadfile --cov --cov-report=
	$(RUN) pytest -m browser --cov --cov-append --cov-report=term-missing:skip-covered
	$(RUN) coverage report --include='packages/paylera/src/*' --fail-under=100

test-fast: setup  ## tests without a browser and without the slow ones
	$(RUN) pytest -m 'not browser and not slow' -q

lint: setup  ## style and import contracts
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) lint-imports

fix: setup  ## format and repair what can be repaired
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

types: setup  ## mypy, strict
	$(RUN) mypy

bench: setup  ## side-by-side benchmarks (ratios)
	$(RUN) python -m benchmarks

docs: setup  ## run every snippet of the documentation, and check that it is complete
	$(RUN) pytest tests/docs -m 'not browser' -q

wheels: setup  ## build the wheels and try them in clean environments
	$(RUN) python .ci/wheels.py

# Debian's packages of what the tests drive, each with the file that tells that it is there. Nothing is started.
FOREIGN := chromium=/usr/bin/chromium redis-server=/usr/bin/redis-server postgresql=/usr/lib/postgresql
.PHONY: foreign
foreign:  # skipped where apt is not to be had
	@missing=$$(for one in $(FOREIGN); do [ -e "$${one#*=}" ] || echo "$${one%%=*}"; done); \
	  [ -z "$$missing" ] || { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; } || true

clean:  ## remove what the targets made
	rm -rf .venv .uv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov .coverage
