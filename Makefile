# Everything starts here. `make chat` and `make test` need Python 3.11+ and make, nothing else.
#
#   make chat     install, fetch the weights, ingest what changed, open the chat on 127.0.0.1:7860
#   make test     install and run every test, real models and browser included
#   make help     the rest

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Modules are compiled when they are first imported: most never are, and an installation takes a third less.
INSTALL := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-compile -c constraints.txt
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help chat engine test ingest eval eval-full check lint lint-corpus soak bench screenshots clean distclean constraints

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

chat: $(VENV)/.chat  ## install, fetch weights, ingest what changed, open the chat (ARGS="--port 8000")
	@$(BIN)/python -m rag models fetch
	@$(BIN)/python ingest.py || [ $$? -eq 1 ]
	@exec $(BIN)/python app.py $(ARGS)

ingest: $(VENV)/.chat  ## bring the index up to date (ARGS="--dry-run")
	@$(BIN)/python -m rag models fetch all-MiniLM-L6-v2
	@$(BIN)/python ingest.py $(ARGS)

test: $(VENV)/.test  ## install and run the whole test suite
	@$(BIN)/python -m rag models fetch --set test
	@$(MAKE) --no-print-directory lint
	@# Two files at a time: more would fight for memory, each with models of its own. The long ones come first.
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.test lint  ## linters, types, architecture and the quick unit tests, in under a minute
	@$(BIN)/python -m pytest tests/unit -q -n 2 --dist loadfile -m "not slow"

lint: $(VENV)/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pydoclint --quiet rag eval
	@$(BIN)/python -m rag lint

engine: $(VENV)/.chat  ## build llama.cpp for this processor, for the judge and for models that OpenVINO does not compute (C++ compiler; 5 to 20 minutes, once)
	@$(BIN)/python -m rag models fetch
	@$(BIN)/python -m rag models engine $(ARGS)

lint-corpus: $(VENV)/.chat  ## check the notes: links, anchors, titles, sizes, near-duplicates, coverage
	@$(BIN)/python -m rag lint $(ARGS)

# A judge reads a lot, and an engine built for the processor reads nearly twice as fast.
QUICKER := $(BIN)/python -m rag models engine || echo "Going on with the engine as it is installed." >&2

# A run in another folder is not the latest one.
GATE = [ ! -f eval/baseline.json ] || $(if $(findstring --out,$(ARGS)),:,$(BIN)/python -m eval gate latest)

eval: $(VENV)/.test  ## ask 60 questions, judge, report, compare with the baseline; the second time only what changed (ARGS="--limit 3")
	@$(BIN)/python -m rag models fetch
	@$(if $(ARGS),,$(QUICKER))
	@$(BIN)/python ingest.py || [ $$? -eq 1 ]
	@$(BIN)/python -m eval run --limit 60 $(ARGS)
	@$(GATE)

eval-full: $(VENV)/.test  ## calibrate the judge, ask every question and compare with the baseline; takes hours the first time
	@$(BIN)/python -m rag models fetch
	@$(QUICKER)
	@$(BIN)/python ingest.py || [ $$? -eq 1 ]
	@$(BIN)/python -m eval calibrate judge
	@$(BIN)/python -m eval run --name full $(ARGS)
	@$(GATE)

soak: $(VENV)/.test  ## the long tests at full size; appends its figures to docs/LOG.md
	@$(BIN)/python -m rag models fetch --set test
	@RAG_SOAK=100 $(BIN)/python -m pytest tests/integration/test_index_crash.py tests/integration/test_many_chats.py tests/browser/test_speed.py tests/fuzz --timeout 7200 --soak-log docs/LOG.md $(ARGS)

bench: $(VENV)/.test  ## compare with LlamaIndex, LangChain, haiku.rag and txtai in about 25 minutes, installing them aside (ARGS="peers" for all of it, "own" for this alone)
	@echo "Runs: python -m eval bench $(or $(ARGS),peers --quick); it says first what it does and how long that takes." >&2
	@$(BIN)/python -m rag models fetch
	@$(BIN)/python -m eval bench $(or $(ARGS),peers --quick)

screenshots: $(VENV)/.test  ## take the pictures in docs/images anew (ARGS="--real" with the configured model)
	@$(BIN)/python -m tests.screenshots $(ARGS)

clean:  ## remove the index, runs and caches; keep the environment and the weights
	@rm -rf index eval/runs build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean  ## remove the virtual environment too, and what evaluations keep
	@rm -rf $(VENV) eval/cache

constraints: $(VENV)/.test  ## write constraints.txt from what is installed
	@$(BIN)/python -m pip freeze --exclude-editable --exclude pip --exclude setuptools | sed -E 's/\+cpu$$//' > constraints.txt

# A stamp is newer than what it was made from, so a second run installs nothing.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; try: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "The venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2; rm -rf $(VENV); exit 2; }

$(VENV)/.chat: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV); this takes some minutes the first time." >&2
	@$(INSTALL) -e '.[documents]'
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV), tests and evaluation included; this takes some minutes the first time." >&2
	@$(INSTALL) -e '.[eval,bench,transformers,test,dev]'
	@# Two packages share the folder docstring_parser; the linter needs the fork, which serves the other one too.
	@$(INSTALL) --force-reinstall --no-deps docstring-parser-fork
	@touch $(VENV)/.chat $@
