# The commands of the project; `make help` lists them.
SHELL := /bin/sh
PYTHON3 ?= python3.11
PYTHON := .venv/bin/python
export TORCH TORCH_INDEX PORT HOST DATA

.DEFAULT_GOAL := help
.PHONY: help demo launch setup test test-all tools check bench lock

help:  ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12
	@echo
	@echo 'Variables: PORT=8000 DATA=data HOST=127.0.0.1; TORCH=gpu for the CUDA build of torch,'
	@echo 'TORCH_INDEX=https://… for an index that has its CPU build; PYTHON3=python3.11.'

demo: setup  ## the whole archive with three clips, at http://localhost:PORT
	@exec $(PYTHON) manage.py demo

launch: setup  ## the whole archive without demo content
	@exec $(PYTHON) manage.py launch

setup:  ## install what running needs into .venv
	@$(PYTHON3) tools/setup.py demo

# What is ignored holds no quick test, and loading it takes seconds.
SLOW_ALONE := tests/interop tests/journeys tests/site/test_schemathesis.py
test:  ## the quick lane; needs no running service
	@$(PYTHON3) tools/setup.py test
	$(PYTHON) -m pytest -m "not slow and not browser and not services" -n 2 --dist loadfile \
		-p no:schemathesis $(SLOW_ALONE:%=--ignore=%)

# The browser driver runs each test in a context of its own, in which Django sees other database
# connections: its lane has a process of its own.
test-all:  ## every lane; a skipped test counts as a failure
	@$(PYTHON3) tools/setup.py test
	$(PYTHON) -m pytest -p tests.noskip -m "not browser"
	$(PYTHON) -m pytest -p tests.noskip -m browser

tools:  ## install what the extra lanes need (Debian packages, asks for root; npm packages; a witness)
	@sh tools/debian.sh
	@sh tools/npm.sh
	@sh tools/witness.sh

check:  ## lint, types, import law, templates, documents
	@$(PYTHON3) tools/setup.py dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	.venv/bin/djade --check --target-version 5.2 $$(find templates -name '*.html')
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) -m pytest -q tests/site/test_documented.py

bench:  ## measure; prints ratios
	@$(PYTHON3) tools/setup.py test
	$(PYTHON) -m benchmarks

lock:  ## write requirements/*.txt anew from *.in
	@$(PYTHON3) tools/setup.py dev
	$(PYTHON) tools/lock.py
