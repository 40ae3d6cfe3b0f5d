# `make serve` installs everything and starts the site. `make help` lists the other targets.
#
# Python 3.11 or newer is required. To choose one: make serve PYTHON=python3.12
# All paths are relative, so the path of the checkout may contain spaces.

.DEFAULT_GOAL := help
.PHONY: help serve index semantic test test-fast test-all test-opensearch torture coverage mutants lint format messages bench relevance lock package docs clean
.PHONY: environment browser
SHELL := /bin/sh

PYTHONS := $(if $(PYTHON),'$(PYTHON)',python3 python3.13 python3.12 python3.11)
BIN := .venv/bin
# One worker for each core. The tests of a group run on one of them, in order.
PARALLEL := -n auto --dist loadgroup --no-loadscope-reorder

# Tests of which `make torture` tries all cases, or many more.
TORTURED := $(patsubst %,tests/robustness/test_%.py, \
	kills faults power_cuts damage switching requests)

# Tests that run on a local index and on one in a cluster: tests.opensearch.both_stores.
BOTH_STORES := $(addprefix tests/search_app/,engine presentation web api \
	test_reading_list.py \
	cli/test_evaluation.py::test_the_catalogue_reaches_the_required_quality)

# Sets $$python to the first of PYTHONS that is new enough, or prints an error and exits.
find_python = \
	python=; \
	for candidate in $(PYTHONS); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "This needs Python 3.11 or newer; tried:" $(PYTHONS) >&2; \
		echo "Install one, or name yours: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name what; do \
		printf '  make %-15s %s\n' "$$name" "$$what"; done

serve: environment ## install dependencies, serve the site, rebuild the index when the corpus changes
	@$(BIN)/pubsearch serve --watch $(ARGS)

index: environment ## build the index from corpus/
	@$(BIN)/pubsearch build $(ARGS)

semantic: environment-semantic ## build an index with embeddings for semantic search
	@$(BIN)/pubsearch build --semantic 1 $(ARGS)

test: environment-test browser ## install the test dependencies and a browser, run the usual tests
	@$(BIN)/python -m pytest $(PARALLEL) -m "not thorough" $(ARGS)

# The tests are kept compiled, whatever the shell says: compiling them takes a quarter of the time.
test-fast: environment-test ## run the tests that are not marked slow, with fewer generated examples
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(PARALLEL) -m "not slow" --hypothesis-profile=fast $(ARGS)

test-all: environment-test browser test-opensearch ## run the tests that `make test` leaves out (needs what test-opensearch needs)
	@$(BIN)/python -m pytest $(PARALLEL) -m "(thorough or hypothesis) and not opensearch" \
		--hypothesis-profile=all $(ARGS)

test-opensearch: environment-test ## download OpenSearch, run the tests on it (needs a JDK and Maven)
	@$(BIN)/python -m tests.opensearch.program
	@$(BIN)/python -m pytest $(PARALLEL) tests/opensearch --hypothesis-profile=all $(ARGS)
	@$(BIN)/python -m pytest -p tests.opensearch.both_stores --hypothesis-profile=fast \
		$(BOTH_STORES) $(ARGS)

torture: environment-test ## interrupt builds and damage indexes many thousand times (an hour or more)
	@TORTURE=$(or $(SEED),1) $(BIN)/python -m pytest -o faulthandler_timeout=0 $(TORTURED) $(ARGS)

coverage: environment-test browser ## run all tests, report the lines and branches that they miss
	@$(BIN)/python -m pytest $(PARALLEL) --cov --cov-report=term $(ARGS)

mutants: environment-test ## change the code at random places, list the changes that no test beside it notices
	@$(BIN)/python -m tools.mutants --seed $(or $(SEED),1) --number $(or $(NUMBER),300) $(ARGS)

lint: environment-test ## check style, types, imports, security, spelling and templates
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/bandit --quiet --recursive --ini setup.cfg indexer search_app tools
	$(BIN)/djlint --lint --quiet --profile=jinja --ignore=H015,H030,H031,J018 search_app/web/templates

format: environment-test ## fix style and format the code
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

messages: environment ## extract the messages of the interface, update the translations, list the missing ones
	@$(BIN)/python -m tools.messages

bench: environment-bench ## measure speed against other engines, write docs/benchmarks.md
	@$(BIN)/python -m benchmarks.speed $(ARGS)

relevance: environment-bench ## measure ranking on judged queries, write docs/relevance.md
	@$(BIN)/python -m benchmarks.relevance $(ARGS)

# A fresh build warns of all documents, not only of those that changed.
docs: environment-docs ## build the documentation site in build/site, check its links
	@rm -rf build/site build/doctrees
	@$(BIN)/sphinx-build --quiet --fail-on-warning -c docs -d build/doctrees . build/site
	@cp build/site/README.html build/site/index.html
	@echo "Open build/site/index.html in a browser."

lock: ## pin the dependencies of setup.cfg (ARGS=--upgrade for the newest versions)
	@$(find_python); PYTHON="$$python" tools/lock $(ARGS)

package: environment ## build the source distribution and the wheel into dist/, test the wheel
	@tools/package

environment:
	@$(find_python); "$$python" tools/environment.py serve

# A part of the environment, or an extra of setup.cfg: make environment-pdf
environment-%:
	@$(find_python); "$$python" tools/environment.py $*

browser: environment-test
	@$(BIN)/python -m tests.browser.chromium

clean: ## remove the environment, the index and all build files
	rm -rf .venv index build dist mutants *.egg-info .coverage htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
