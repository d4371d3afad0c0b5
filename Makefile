# make help lists the commands.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: run worker dev demo test test-fast test-shifted coverage lint format lock bench-faults bench-accept bench-desk bench-content bench-sign-in bench-pages help

PORT ?= 8000
export PORT # in development, every generated address uses this port
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
MANAGE := $(RUN) manage.py
PIP_INSTALL := $(VENV)/bin/pip install --quiet --disable-pip-version-check
COLLECTED := $(or $(VAR_DIR),var)/collected
TEMPLATES := $(shell find templates -name "*.html")
STATIC_SOURCES := $(shell find pages/static intake/static recovery_site/static staff/static -type f 2>/dev/null)

run: ready ## serve the site on http://127.0.0.1:$(PORT) and run the worker
	@$(MANAGE) serve --port $(PORT)

worker: ready ## run only the worker
	@$(MANAGE) run_worker

dev: ready ## serve with autoreload and debug pages
	@DEBUG=True $(MANAGE) runserver 127.0.0.1:$(PORT)

demo: ready ## add 60 made-up requests in every stage (development only)
	@$(MANAGE) make_demo_requests

test: $(VENV)/installed-tests ## run every test: SQLite, PostgreSQL, Chromium, WebKit (REQUIRE_ALL=1 forbids skipping)
	@$(RUN) -m tests

test-fast: $(VENV)/installed-tests ## run the quick tests on SQLite only, in about a minute
	@TEST_DATABASE_URL= $(RUN) -m pytest -q -n auto --dist loadgroup -m "not browser and not slow"

test-shifted: $(VENV)/installed-tests ## run the desk's tests as if on a Sunday at 3 AM (SHIFTED_CLOCK="2026-12-31 23:30")
	@TEST_DATABASE_URL= $(RUN) -m pytest -q -n auto --dist loadgroup -m "not browser" -p tests.shifted_clock tests/intake

coverage: $(VENV)/installed-tests ## measure the coverage of the quick tests, with a report in var/coverage/
	@TEST_DATABASE_URL= $(RUN) -m pytest -q -n auto --dist loadgroup -m "not browser and not slow" --cov --cov-report=term --cov-report=html

lint: $(VENV)/installed-tests ## check style, format, types, import layers and old words
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/djade --check --target-version 5.2 $(TEMPLATES)
	@$(VENV)/bin/lint-imports --no-cache
	@$(VENV)/bin/mypy
	@TEST_DATABASE_URL= $(RUN) -m pytest -q -p no:cacheprovider tests/site/test_words.py

format: $(VENV)/installed-tests ## fix style and format
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/djade --target-version 5.2 $(TEMPLATES)

lock: $(VENV)/installed-tests ## update requirements-runtime.lock after a change to requirements-runtime.txt
	@$(VENV)/bin/uv pip compile --quiet --no-config --no-python-downloads --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--output-file requirements-runtime.lock requirements-runtime.txt

bench-faults: $(VENV)/installed-tests ## break things while people send requests (QUICK=--quick for a short run)
	@$(RUN) -m benchmarks.faults $(QUICK)

bench-accept: $(VENV)/installed-tests ## measure the cost of accepting a request (QUICK=--quick for a short run)
	@$(RUN) -m benchmarks.accept $(QUICK)

bench-desk: $(VENV)/installed-tests ## measure the desk on filled databases (URLS="...", see docs/benchmarks.md)
	@$(RUN) -m benchmarks.desk $(URLS)

bench-content: $(VENV)/installed-tests ## compare a small site with one of 500 pages, and measure memory
	@$(RUN) -m benchmarks.content

bench-sign-in: $(VENV)/installed-tests ## measure the form for help while passwords are guessed (QUICK=--quick)
	@$(RUN) -m benchmarks.sign_in $(QUICK)

bench-pages: $(VENV)/installed-tests ## measure what public pages cost and how fresh they are (QUICK=--quick)
	@$(RUN) -m benchmarks.pages $(QUICK)

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/\$$\(PORT\)/$(PORT)/; s/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

# What `run` needs. Each step is skipped if it is up to date.
.PHONY: ready
ready: .env $(COLLECTED)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) load_starter
	@$(MANAGE) ensure_administrator

.env: | $(VENV)/installed
	@$(RUN) -m recovery_site.create_dev_env .env

# The stamp file is in var/, so deleting var/ to start over also collects the static files again.
$(COLLECTED): $(VENV)/installed $(STATIC_SOURCES) | .env
	@echo "Collecting static files ..."
	@$(MANAGE) collectstatic --noinput --verbosity 0
	@touch $@

$(VENV)/installed: requirements-runtime.lock
	@test -d $(VENV) || { echo "Creating the virtual environment ..."; $(PYTHON) -m venv $(VENV); }
	@echo "Installing what the site needs ..."
	@$(PIP_INSTALL) --require-hashes -r requirements-runtime.lock
	@touch $@

$(VENV)/installed-tests: requirements.txt $(VENV)/installed
	@echo "Installing what the tests need ..."
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@
