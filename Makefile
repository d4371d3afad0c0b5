# make help lists the commands.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: run worker dev demo test test-fast test-shifted coverage lint format lock bench-faults bench-accept bench-desk bench-content help

PORT ?= 8000
export PORT # in development, every address that the site writes carries it
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
MANAGE := $(RUN) manage.py
PIP_INSTALL := $(VENV)/bin/pip install --quiet --disable-pip-version-check
COLLECTED := $(or $(VAR_DIR),var)/collected
TEMPLATES := $(shell find templates -name "*.html")
STATIC_SOURCES := $(shell find pages/static intake/static recovery_site/static -type f 2>/dev/null)

run: ready ## serve the site on http://127.0.0.1:$(PORT), with the worker beside it
	@$(MANAGE) serve --port $(PORT)

worker: ready ## run the worker alone
	@$(MANAGE) run_worker

dev: ready ## serve with autoreload and error pages that show the code
	@DEBUG=True $(MANAGE) runserver 127.0.0.1:$(PORT)

demo: ready ## add 60 made-up requests in every stage (development only)
	@$(MANAGE) make_demo_requests

test: $(VENV)/installed-tests ## run every test: SQLite, PostgreSQL, Chromium, WebKit (REQUIRE_ALL=1: none may be skipped)
	@$(RUN) -m tests

test-fast: $(VENV)/installed-tests ## run the quick tests on SQLite alone, in about a minute
	@TEST_DATABASE_URL= $(RUN) -m pytest -q -n auto --dist loadgroup -m "not browser and not slow"

test-shifted: $(VENV)/installed-tests ## run the tests of the desk as on a Sunday at 3 AM (SHIFTED_CLOCK="2026-12-31 23:30")
	@TEST_DATABASE_URL= $(RUN) -m pytest -q -n auto --dist loadgroup -m "not browser" -p tests.shifted_clock tests/intake

coverage: $(VENV)/installed-tests ## report which lines and branches the quick tests run; each line is in var/coverage/
	@TEST_DATABASE_URL= $(RUN) -m pytest -q -n auto --dist loadgroup -m "not browser and not slow" --cov --cov-report=term --cov-report=html

lint: $(VENV)/installed-tests ## check style and format of code and templates, types, and that imports run one way
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/djade --check --target-version 5.2 $(TEMPLATES)
	@$(VENV)/bin/lint-imports --no-cache
	@$(VENV)/bin/mypy

format: $(VENV)/installed-tests ## mend style and format
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/djade --target-version 5.2 $(TEMPLATES)

lock: $(VENV)/installed-tests ## write requirements-runtime.lock anew, after a change of requirements-runtime.txt
	@$(VENV)/bin/uv pip compile --quiet --no-config --no-python-downloads --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--output-file requirements-runtime.lock requirements-runtime.txt

bench-faults: $(VENV)/installed-tests ## break things while people ask for help (QUICK=--quick: less of it)
	@$(RUN) -m benchmarks.faults $(QUICK)

bench-accept: $(VENV)/installed-tests ## measure what accepting a request costs (QUICK=--quick: less of it)
	@$(RUN) -m benchmarks.accept $(QUICK)

bench-desk: $(VENV)/installed-tests ## measure the desk on filled databases (URLS="...", see docs/benchmarks.md)
	@$(RUN) -m benchmarks.desk $(URLS)

bench-content: $(VENV)/installed-tests ## compare a site of few pages with one of 500, and weigh its memory
	@$(RUN) -m benchmarks.content

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# What `run` needs; each step does nothing where nothing is to do.
.PHONY: ready
ready: .env $(COLLECTED)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) load_starter
	@$(MANAGE) ensure_administrator

.env: | $(VENV)/installed
	@$(RUN) -m recovery_site.create_dev_env .env

# Beside what it speaks of: who deletes the folder to begin anew gets everything anew.
$(COLLECTED): $(VENV)/installed $(STATIC_SOURCES) | .env
	@echo "Collecting static files ..."
	@$(MANAGE) collectstatic --noinput --verbosity 0
	@touch $@

$(VENV)/installed: requirements-runtime.lock
	@test -d $(VENV) || { echo "Making the virtual environment ..."; $(PYTHON) -m venv $(VENV); }
	@echo "Installing what the site needs ..."
	@$(PIP_INSTALL) --require-hashes -r requirements-runtime.lock
	@touch $@

$(VENV)/installed-tests: requirements.txt $(VENV)/installed
	@echo "Installing what the tests need ..."
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@
