# `make help` lists the targets. Everything is installed into .venv, from the locked requirements.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

# The system's first, where it can make environments: it is optimized by profile, and one that pyenv has built as it
# does unasked takes up to 1.7 times its processor time.
VERSIONS := python3.11 python3.12 python3.13 python3.14
PYTHON ?= $(firstword $(shell for python in $(VERSIONS:%=/usr/bin/%); do $$python -c 'import ensurepip, venv' 2>/dev/null && \
	echo $$python && break; done; command -v $(VERSIONS) python3) python3)
PY := .venv/bin/python
UV_VERSION := 0.13
JS_STEPS := jslint jstypes jstest
QUICK_STEPS := lint imports $(JS_STEPS) migrations deploy translations
UNIT_STEPS := unit-realtime unit-workbench unit-chatbot
FAST_STEPS := finding unit-chatbot simulation types unit-workbench unit-realtime lint imports $(JS_STEPS) migrations
# The longest first. One that computes in one process takes longer beside those with services or a browser.
TEST_STEPS := processes browser faults simulation finding unit-chatbot unit-workbench starting sideways edge types \
	unit-realtime $(QUICK_STEPS)
# Of two cores they leave nothing idle to the end; with more at once, each waits longer for what it has started.
AT_ONCE := 6

# Steps of their own, of tests that other steps leave out: each takes a minute of a processor.
SIMULATION := realtime/tests/test_simulation.py
FINDING := $(addprefix chatbot/tests/test_,retrieval_floor.py second_encoder.py everyday.py) tests/test_retrieval_process.py
STARTING := $(addprefix tests/test_,dev.py container.py)
ELSEWHERE := $(addprefix --ignore ,$(SIMULATION) $(FINDING) $(STARTING))

# What a machine lacks fails a test of `make test`, and is skipped, with the reason, by `make check`.
export MISSING_PROGRAMS ?= fail

# Tests take no Redis from the environment or .env: they start their own. Each of the processes that they start would
# otherwise compile the project's modules where PYTHONDONTWRITEBYTECODE is set.
TEST_ENVIRONMENT := env REDIS_URL= LOG_LEVEL=INFO PYTHONDONTWRITEBYTECODE=
run_steps = @$(PY) tools/run_steps.py $(AT_ONCE) $(1)

.PHONY: help run unit test check quick soak bench capacity lock vendor packages node $(sort $(FAST_STEPS) $(TEST_STEPS))

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Install what is needed and run both services until Ctrl-C
	@flock Makefile $(MAKE) -s .venv/installed-requirements.txt
	@exec $(PY) manage.py dev --stop-with-parent

test: packages ## Install what is needed and run every check and every test
	@flock Makefile $(MAKE) -s .venv/installed-requirements-dev.txt
	@flock Makefile $(MAKE) -s node
	$(call run_steps,$(TEST_STEPS))

check: export MISSING_PROGRAMS = skip
check: ## The same without root: what needs a program that is missing is skipped, and named
	@flock Makefile $(MAKE) -s .venv/installed-requirements-dev.txt
	@$(node_if_there)
	$(call run_steps,$(TEST_STEPS))

quick: export MISSING_PROGRAMS = skip
quick: ## The fast part of it, for before a commit
	@flock Makefile $(MAKE) -s .venv/installed-requirements-dev.txt
	@$(node_if_there)
	$(call run_steps,$(FAST_STEPS))

soak: ## Every fault under 20,000 events and 50 clients, about 40 minutes (FAULTS=part-of-a-name for some)
	@flock Makefile $(MAKE) -s .venv/installed-requirements-dev.txt
	@$(TEST_ENVIRONMENT) $(PY) -m tests.faults.soak $(FAULTS)

bench: ## Figures beside their targets, a bare server and stock django-eventstream; about 8 minutes, on a quiet machine
	@$(MAKE) packages || echo "going on without them"
	@flock Makefile $(MAKE) -s .venv/installed-requirements-dev.txt
	@$(TEST_ENVIRONMENT) $(PY) -m bench

capacity: ## What 10⁴, 10⁵ and 10⁶ customers take, calculated in seconds (MEASURE=--measure: a real run)
	@flock Makefile $(MAKE) -s .venv/installed-requirements-dev.txt
	@$(TEST_ENVIRONMENT) $(PY) -m bench.capacity $(MEASURE)

lint: ## Step: ruff, what it finds and how it formats
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

types: ## Step: mypy --strict
	@$(PY) -m mypy
	@$(PY) -m mypy tests bench tools harness

imports: ## Step: import-linter (imports point one way)
	@.venv/bin/lint-imports

jslint: ## Step: oxlint
	@$(with_node) node_modules/.bin/oxlint browser chatbot/static workbench/static realtime/static tools tests/js

jstypes: ## Step: tsc, strict, without compiling anything (tsconfig.json says of what)
	@$(with_node) node_modules/.bin/tsc

jstest: ## Step: tests in node
	@$(with_node) node --import ./tests/js/as_served.mjs --test --test-reporter=spec tests/js/*.test.js

# The commands of package-lock.json, or the reason why not.
with_node = [ -d node_modules ] || { [ "$(MISSING_PROGRAMS)" = skip ] && { echo "SKIPPED: npm is missing"; exit 0; }; \
	echo "error: node_modules is missing: make node" >&2; exit 1; };

migrations: ## Step: every model change has its migration
	@$(TEST_ENVIRONMENT) $(PY) manage.py makemigrations --check --dry-run

deploy: ## Step: Django's deployment checks, as in production
	@$(TEST_ENVIRONMENT) HTTPS=on $(PY) manage.py check --deploy --fail-level WARNING

translations: ## Step: every compiled translation is that of its source
	@command -v msgfmt >/dev/null || [ "$(MISSING_PROGRAMS)" != skip ] || { echo "SKIPPED: gettext is missing"; exit 0; }; \
	sources=$$(find . \( -path ./.venv -o -path ./node_modules \) -prune -o -name '*.po' -print); \
	[ -n "$$sources" ] || { echo "error: there is no .po file" >&2; exit 1; }; \
	for po in $$sources; do \
		msgfmt --check --output-file=- "$$po" | cmp - "$${po%.po}.mo" || { echo "error: compile $$po" >&2; exit 1; }; \
		echo "$$po: $$(msgfmt --statistics --output-file=/dev/null "$$po" 2>&1)"; \
	done

unit: $(UNIT_STEPS) ## Unit tests of each app, a step each
$(UNIT_STEPS): unit-%:
	@$(TEST_ENVIRONMENT) $(PY) -m pytest $(ELSEWHERE) $*

simulation: ## Step: the delivery side in 20,000 random schedules of faults, in virtual time
	@$(TEST_ENVIRONMENT) $(PY) -m pytest $(SIMULATION)

finding: ## Step: the bot finds the right text by words and by meaning, on large sets of questions
	@$(TEST_ENVIRONMENT) $(PY) -m pytest $(FINDING)

starting: ## Step: `manage.py dev` and the container start everything, and leave nothing behind
	@$(TEST_ENVIRONMENT) $(PY) -m pytest $(STARTING)

processes: ## Step: tests of running services, over processes
	@$(TEST_ENVIRONMENT) $(PY) -m pytest $(addprefix --ignore tests/,browser edge faults sideways) $(ELSEWHERE) tests

edge: ## Step: tests of what any client can send, and not read
	@$(TEST_ENVIRONMENT) $(PY) -m pytest tests/edge

sideways: ## Step: tests of several processes behind nginx, over PostgreSQL and two Redis, as in production
	@$(TEST_ENVIRONMENT) $(PY) -m pytest tests/sideways

faults: ## Step: tests of running services under faults
	@$(TEST_ENVIRONMENT) $(PY) -m pytest tests/faults

browser: ## Step: browser tests
	@$(TEST_ENVIRONMENT) $(PY) -m pytest tests/browser

lock: ## Write requirements*.txt from pyproject.toml (UPGRADE=--upgrade for newer versions)
	@flock Makefile $(MAKE) -s .venv/bin/uv
	@$(lock_with) --output-file requirements.txt
	@sed -n '/^second-encoder = /s/.*\["\(.*\)"\].*/\1/p' pyproject.toml | sed 's/", "/\n/g' \
		| $(lock_with:pyproject.toml=-) --constraint requirements.txt --output-file requirements-second-encoder.txt
	@$(lock_with) --extra dev --output-file requirements-dev.txt

# Universal: the same file is right for every patch release of Python (Debian 12's 3.11.2 needs one package more).
lock_with = .venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header $(UPGRADE)

# uv installs in seconds; pip, slower, knows the settings of a machine's pip (a mirror) that uv does not read.
# For tests everything is compiled: they start dozens of processes, each of which would otherwise do so by itself
# where PYTHONDONTWRITEBYTECODE is set (2.8 s a start instead of 1.7 s).
.venv/installed-%.txt: %.txt .venv/bin/uv
	@echo "installing what $< names (a minute or less, once)"
	@.venv/bin/uv pip install --quiet --python $(PY) $(if $(findstring -dev,$<),--compile-bytecode) \
		--require-hashes --requirement $< \
		|| { echo "uv could not install; trying pip"; $(PY) -m pip install -qq --require-hashes --requirement $<; }
	@cp $< $@

.venv/bin/uv: | .venv/bin/pip
	@echo "installing uv, which installs the rest"
	@$(PY) -m pip install -qq --disable-pip-version-check "uv~=$(UV_VERSION)"

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo \
		"error: Python 3.11 or newer is needed and $(PYTHON) is not; install it, or name one: make run PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call install_packages,python3-venv)
	@echo "making .venv with $(PYTHON)"
	@$(PYTHON) -m venv --clear .venv

# The same programs as in harness/packages.py. Debian keeps those of PostgreSQL and nginx out of an ordinary PATH.
packages: ## Install the programs that tests and benchmarks start, as root on Debian; else say what is missing
	@PATH="$$PATH:/usr/sbin:$$(echo /usr/lib/postgresql/*/bin | tr ' ' ':')"; missing=""; \
	need() { command -v "$$1" >/dev/null || missing+=" $${*:2}"; }; \
	command -v chromium-headless-shell >/dev/null || need chromium chromium; need curl curl; need initdb postgresql; need msgfmt gettext; need nginx nginx-light; \
	need npm nodejs npm; need openssl openssl; need redis-cli redis-tools; need setpriv util-linux; \
	{ command -v fc-list >/dev/null && fc-list :lang=zh-cn family | grep -q .; } || missing+=" fontconfig fonts-wqy-microhei"; \
	[ -z "$$missing" ] || $(call install_packages,$$missing)
	@[ "$$(id -u)" != 0 ] || { command -v chromium-headless-shell && /usr/bin/python3 -c 'import ensurepip'; } >/dev/null 2>&1 || \
		$(install_what_is_quicker)

vendor: ## Write browser/vendor from package-lock.json
	@flock Makefile $(MAKE) -s node
	@node tools/vendor.mjs

# For checks and tests: the pages are served as they stand in the repository.
node: node_modules/installed-package-lock.json
node_modules/installed-%: %
	@echo "installing what $< names (seconds, once)"
	@npm ci --silent --ignore-scripts --no-audit --no-fund
	@cp $< $@

node_if_there = ! command -v npm >/dev/null || flock Makefile $(MAKE) -s node || echo "going on without node_modules"

# A browser that opens a page in a quarter of the time, and what the system's Python makes environments with; where
# there is neither, Chromium and another Python serve.
define install_what_is_quicker
{ command -v apt-get && timeout 60 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 180 \
apt-get install -y -qq --no-install-recommends chromium-headless-shell python3-venv; } \
>/dev/null 2>&1 || echo "no chromium-headless-shell or no python3-venv: the tests take up to twice the processor time"
endef

define install_packages
{ if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
	echo "error: missing packages; as root: apt-get install" $(1) >&2; exit 1; fi; \
echo "installing" $(1); \
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1) >/dev/null; }
endef
