# make demo | test | check | slow | bench | clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= 2

.PHONY: demo test slow check bench install clean format

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt "torch" -e ".[dev]"
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/likely demo -o report.html

test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -q

slow: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -q -m slow

check: $(STAMP)
	$(BIN)/ruff format --check likely tests benchmarks scripts
	$(BIN)/ruff check likely tests benchmarks scripts
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/python scripts/budgets.py

format: $(STAMP)
	$(BIN)/ruff format likely tests benchmarks scripts
	$(BIN)/ruff check --fix likely tests benchmarks scripts

bench: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[peers]"
	for file in benchmarks/[a-z]*.py; do [ $$file = benchmarks/harness.py ] || $(BIN)/python $$file; done

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache report.html
