# The developer's whole day. `make run` shows the demo, `make test` runs every test, `make help` lists the rest.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL = help
.PHONY: help install install-dev run test test-recorded lint format bench quality train clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

install: $(VENV)/.installed ## Make a virtual environment and install exact versions
install-dev: $(VENV)/.installed-dev ## The same with what tests and linters need

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: install ## Start the demo: Prefect, scheduled flows and the dashboard on http://localhost:8501
	@$(BIN)/earful demo

test: install-dev ## Run all tests; needs no network
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

test-recorded: install-dev ## Run recorded answers through the connectors: EARFUL_PAYLOADS=DIR make test-recorded
	$(BIN)/python -m pytest tests/test_recorded.py -s

lint: install-dev ## Check style and types
	@mkdir -p .typing && ln -sfn .. .typing/earful
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MYPYPATH=.typing $(BIN)/mypy -p earful.connectors -p earful.models -p earful.data -p earful.flows -p earful.dashboard

format: install-dev ## Put the code in its usual form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install-dev ## Measure; the figures stand in benchmarks/README.md
	@for file in $(filter-out benchmarks/quality.py benchmarks/nab.py benchmarks/themes.py,$(wildcard benchmarks/*.py)); do echo "== $$file"; $(BIN)/python $$file || exit 1; done

quality: install-dev ## Measure the judge on labelled text: DATA=folder make quality
	$(BIN)/python benchmarks/quality.py --data $(DATA)

train: install-dev ## Train the weights anew: DATA=folder make train
	$(PIP) install --constraint constraints.txt --editable '.[train]'
	$(BIN)/python -m earful.models.train --data $(DATA) --out models/weights

clean: ## Delete what the targets made
	rm -rf $(VENV) .typing .demo .pytest_cache .mypy_cache .ruff_cache build *.egg-info
