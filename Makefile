# make figures   the figures and the claims table, in minutes; docs/figures.md explains the variables
#                (PRESET=full  ONLY="2 6"  IMAGES="a.npz b.npz"  ANCHORS=2000  OFFLINE=1  FORCE=1  STALE=ok)
# make docs-pictures   copies the pictures and claims of a run with PRESET=full into docs/
# make study     trains classifiers on few images, into docs/cpu_study: hours on two cores  (MINUTES=90  RUNS=runs)
# make geometry-study   trains with many augmentations and audits each, into docs/geometry_study: eight core-hours, resumable
#                (MINUTES=90  RUNS=runs  WORKERS=2  CIFAR=cifar-10-jpeg)
# make test      lint, types, doctests and every kind of test, in minutes: after each change
# make test-all  the same with all slow cases, each mixer in each dtype, and 500 random calls of each public entry instead
#                of 15: before an issue is closed
# make docs      builds the documentation into docs/build/html
# make test-browser   opens the page of an audit in headless Chromium, if it is installed
# make soak      kills 2,000 tiny runs again and again: half an hour, not part of make test-all

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PRESET ?= quick
RESULTS ?= results
RUNS ?= runs
MINUTES ?= 90
WORKERS ?= 2
CIFAR ?= cifar-10-jpeg
OPTIONS := --preset $(PRESET) --results $(RESULTS) $(if $(ONLY),--only "$(ONLY)") $(if $(OFFLINE),--offline) \
           $(if $(IMAGES),--images "$(IMAGES)") $(if $(ANCHORS),--anchors $(ANCHORS)) \
           $(if $(FORCE),--force) $(if $(STALE),--stale)

.PHONY: figures docs-pictures study geometry-study test test-all docs test-browser soak clean

figures: $(VENV)/installed
	@$(PY) -m figures $(OPTIONS)

docs-pictures: $(VENV)/installed
	$(PY) -m figures.docs.pictures --results $(RESULTS)/full

study: $(VENV)/installed-train
	$(PY) -m analyses.study.train --folder $(RUNS) --minutes $(MINUTES)

geometry-study: $(VENV)/installed-train
	$(PY) -m analyses.geometry_and_accuracy --folder $(RUNS) --minutes $(MINUTES) --workers $(WORKERS) --cifar "$(CIFAR)"

test test-all: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/pytest -n auto --dist loadfile -m "not alone" $(ALL)
	$(VENV)/bin/pytest -m alone $(ALL) $$(grep -rl mark.alone tests --include='test_*.py')

test-all: ALL := --all

docs: $(VENV)/installed-dev
	$(VENV)/bin/sphinx-build -W --keep-going -b html docs docs/build/html

test-browser: $(VENV)/installed-dev
	$(VENV)/bin/pytest -rs --all tests/audits/report/test_browser.py

soak: $(VENV)/installed-dev
	$(PY) -m tests.execution.soak

$(VENV)/installed: pyproject.toml
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --editable "."
	touch $@

$(VENV)/installed-train: $(VENV)/installed
	$(PY) -m pip install --quiet --editable ".[train]"
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PY) -m pip install --quiet --editable ".[dev]"
	touch $@

clean:
	rm -rf $(RESULTS) build docs/build docs/generated docs/tutorials *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
