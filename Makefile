# Needs make and a Python of 3.11 or later; everything else is installed into .venv.
#
# .venv is this file's own. .venv/.core and .venv/.dev hold the folder they were made in, and exist
# only after an install that ended well. Without one of them, after a move of the folder or a change
# of its Python, .venv is not trusted: it is made again from nothing.

.DEFAULT_GOAL := help
.PHONY: help demo test check lint truth bench clean
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.core
DEV := $(VENV)/.dev
PYTEST_ARGS ?=

# LightGBM looks for the system's libgomp.so.1. Where there is none, `install` links the copy that
# scikit-learn brings into this folder.
export LD_LIBRARY_PATH := $(CURDIR)/$(VENV)/native$(if $(LD_LIBRARY_PATH),:$(LD_LIBRARY_PATH))

trusted := $(shell [ "`cat $(CORE) 2>/dev/null`" = "$$PWD" ] && $(BIN)/python -c '' 2>/dev/null && echo yes)
ifneq ($(trusted),yes)
$(shell rm -f $(CORE) $(DEV))
endif

help:
	@echo 'make demo    run the whole path on an embedded shop and write a report'
	@echo 'make test    the tests, with the examples of the docstrings and the docs'
	@echo 'make lint    format, lint and types'
	@echo 'make check   lint, then test'
	@echo 'make truth   the long statistical proofs; writes docs/evidence.md'
	@echo 'make bench   real tables and timings; prints a table'
	@echo 'make clean   remove .venv and what the tools leave behind'

demo: $(CORE)
	@$(BIN)/patron demo

# One thread each: the two workers share the cores.
test: $(DEV)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m 'not truth' $(PYTEST_ARGS)

lint: $(DEV)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

check: lint
	@$(MAKE) --no-print-directory test

truth: $(DEV)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m truth --evidence=docs/evidence.md tests $(PYTEST_ARGS)

bench: $(DEV)
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist patron-demo
	find src tests benchmarks examples -name __pycache__ -prune -exec rm -rf {} +

$(CORE): pyproject.toml
	$(call install,.)

$(DEV): pyproject.toml
	$(call install,.[dev])
	@cp $(CORE) $@

# $(1): what to install. The stamp goes first and comes back last.
define install
	@if [ -e $(CORE) ]; then rm -f $(CORE) $(DEV); else \
	  found=; \
	  for name in python3.13 python3.12 python3.11 python3; do \
	    if $$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	    then found=$$name; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo 'make: found no Python of 3.11 or later that can make a virtual environment.' >&2; \
	    echo 'Looked for python3.13, python3.12, python3.11 and python3, each with venv and ensurepip.' >&2; \
	    echo 'Install one. On Debian and Ubuntu: apt-get install python3 python3-venv' >&2; \
	    exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$found"; \
	  rm -rf $(VENV) && $$found -m venv $(VENV); \
	fi
	@echo 'Installing $(1) into $(VENV) (about a minute)'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '$(1)'
	@$(BIN)/python -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null || \
	  for copy in $(VENV)/lib/python3*/site-packages/scikit_learn.libs/libgomp*; do \
	    if [ -e "$$copy" ]; then mkdir -p $(VENV)/native; ln -sf "$$PWD/$$copy" $(VENV)/native/libgomp.so.1; fi; \
	  done
	@printf %s "$$PWD" > $(CORE)
endef
