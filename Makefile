# Two commands do everything on a fresh machine:
#   make report   environment from the lock file, then the CDNOW report
#   make test     the same environment with the test extras, then lint, types and tests

VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements.lock
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint $(LOCK)
# The first interpreter on the path that is new enough; override with `make report PYTHON=/path/to/python`.
CANDIDATES := python3.13 python3.12 python3.14 python3 python
PYTHON ?= $(shell for name in $(CANDIDATES); do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then command -v $$name; break; fi; done)

# OpenBLAS 0.3.34 overruns a buffer where kernels are chosen by hand on a processor with a large cache (its issue 6013):
# with the cache size of an older processor it does not.
ifdef OPENBLAS_CORETYPE
export OPENBLAS_L2_SIZE ?= 512
endif

.DEFAULT_GOAL := help
.PHONY: help report mechaforge test test-portable test-slow notebooks lint benchmark lock clean

help:
	@echo "make report        render the CDNOW report into reports/cdnow/"
	@echo "make mechaforge    the same for a simulated machine builder, with cohorts and covariates in the models"
	@echo "make test          lint, types and tests"
	@echo "make test-portable the tests as other processors compute, one after another"
	@echo "make test-slow     the statistical tests that take minutes"
	@echo "make notebooks     open the notebooks in JupyterLab"
	@echo "make benchmark     time and memory of the CDNOW report and its parts"
	@echo "make lock          resolve the lock file anew (needs uv)"
	@echo "make clean         remove the environment"

$(VENV)/base: $(LOCK) pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "Kundenwert needs Python 3.12 or newer, and none is on the path (looked for: $(CANDIDATES))."; \
		echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.13"; exit 1; fi
	@echo "Creating the environment in $(VENV) with $(PYTHON) ..."
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@$(PIP) --editable .
	@touch $@

$(VENV)/test: $(VENV)/base
	@$(PIP) --editable ".[test]"
	@touch $@

$(VENV)/notebooks: $(VENV)/base
	@$(PIP) --editable ".[notebooks]"
	@touch $@

report: $(VENV)/base
	$(BIN)/kundenwert report data/cdnow/transactions.csv --out reports/cdnow \
		--observation-end 1997-09-30 --holdout-end 1998-06-30 --cohort week --horizon 52 --margin 0.3 --cac 5 --seed 1997 --title "CDNOW"

mechaforge: $(VENV)/base
	$(BIN)/kundenwert report data/mechaforge/transactions.csv --out reports/mechaforge --title MechaForge \
		--observation-end 2022-12-31 --holdout-end 2024-12-31 --time-unit M --horizon 36 --margin 0.35 \
		--cohort channel --effects cohort --covariate contract --covariate machines \
		--cac-file data/mechaforge/costs.csv --seed 2022

test: export OPENBLAS_NUM_THREADS ?= 1
test: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile

test-portable: $(VENV)/test
	$(BIN)/python tests/portable.py -n 2 --dist loadfile

test-slow: $(VENV)/test
	$(BIN)/pytest -m slow

notebooks: $(VENV)/notebooks
	$(BIN)/jupyter lab notebooks

benchmark: $(VENV)/base
	$(BIN)/python benchmarks/cdnow_report.py

lock:
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.12 --upgrade \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header --output-file $(LOCK)

clean:
	rm -rf $(VENV)
