# make serve: everything from nothing to a running page. `make help` lists the rest.
#
# Any Python from 3.11 on will do; to choose one: make serve PYTHON=python3.12
# No path here is absolute, so the checkout may lie in a folder with spaces in its name.

.DEFAULT_GOAL := help
.PHONY: help serve index semantic test torture coverage mutants lint format bench relevance lock clean
.PHONY: environment environment-semantic environment-test environment-bench browser
SHELL := /bin/sh

PYTHONS := $(if $(PYTHON),'$(PYTHON)',python3 python3.13 python3.12 python3.11)
BIN := .venv/bin

# Sets $$python to the first of them that is new enough, or says what is missing and stops.
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

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name what; do \
		printf '  make %-9s %s\n' "$$name" "$$what"; done

serve: environment ## install what is needed, serve the page, build whenever the corpus changes
	@$(BIN)/pubsearch serve --watch $(ARGS)

index: environment ## build the index from corpus/
	@$(BIN)/pubsearch build $(ARGS)

semantic: environment-semantic ## build an index that also knows what each publication means
	@$(BIN)/pubsearch build --semantic 1 $(ARGS)

test: environment-test browser ## install what the tests need, a browser too, and run them all
	@$(BIN)/python -m pytest $(ARGS)

torture: environment-test ## kill, cut off and damage an index many thousand times (ends within two hours)
	@$(BIN)/python -m tests.robustness.torture $(ARGS)

coverage: environment-test browser ## run all tests, and say which lines and branches none of them takes
	@$(BIN)/python -m pytest --cov --cov-report=term $(ARGS)

mutants: environment-bench ## break the parser, publishing and escaping in small ways; do the tests notice?
	@$(BIN)/mutmut run $(ARGS)

lint: environment-test ## check style, types, imports between modules, safety, spelling, templates
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/bandit --quiet --recursive --ini setup.cfg indexer search_app tools
	$(BIN)/djlint --lint --quiet --profile=jinja --ignore=H015,H030,H031,J018 search_app/web/templates

format: environment-test ## put the code into the house's form
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: environment-bench ## measure speed beside other engines, write docs/benchmarks.md
	@$(BIN)/python -m benchmarks.speed $(ARGS)

relevance: environment-bench ## measure ranking on judged sets, write docs/relevance.md
	@$(BIN)/python -m benchmarks.relevance $(ARGS)

lock: ## pin anew what setup.cfg asks for (ARGS=--upgrade takes the newest)
	@$(find_python); PYTHON="$$python" tools/lock $(ARGS)

environment:
	@$(find_python); "$$python" tools/environment.py serve

environment-semantic:
	@$(find_python); "$$python" tools/environment.py semantic

environment-test:
	@$(find_python); "$$python" tools/environment.py test

environment-bench:
	@$(find_python); "$$python" tools/environment.py bench

browser: environment-test
	@$(BIN)/python -m tests.browser.chromium

clean: ## remove the environment, the index and all that was made
	rm -rf .venv index build dist mutants *.egg-info .coverage htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
