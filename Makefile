# make app    sets everything up and starts Transfer Lab      PORT=8501 HOST=localhost
# make test   sets everything up, Chromium included, and runs the tests           JOBS=2 at the same time
# make check  the quick part of it: linter, types, and what builds no network; to be run before each commit, in three minutes
# make test-all   the same, and what is only run before a release: more seeds, cuts and networks
# make export writes networks as ONNX from then on: installs requirements-export.txt beside the app
# make ray    lets a class be trained on a Ray cluster (docs/SCALE.md): installs requirements-ray.txt beside the app
# make lock   writes down the packages that .venv has, with their hashes: once the tests have passed with others
PYTHON ?= python3
PORT ?= 8501
JOBS ?= 2
HOST ?= localhost
BIN := .venv/bin
SCRIPTS := $(BIN)/oxlint --quiet --deny-warnings --ignore-pattern '*.min.js' assets/web
TYPES := $(BIN)/basedpyright --level error
LINT := $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(SCRIPTS)

# the TensorFlow build that fits this machine
TENSORFLOW := tensorflow
ifeq ($(shell uname -sm),Linux x86_64)
TENSORFLOW := $(shell nvidia-smi -L >/dev/null 2>&1 && echo 'tensorflow[and-cuda]' || echo tensorflow-cpu)
endif

.PHONY: app test check types pure test-all lint lock export ray

app: .venv/.app
	@$(BIN)/streamlit run app.py --server.port $(PORT) --server.address $(HOST)

test: .venv/.test .venv/.chromium
	@$(LINT) && $(TYPES)
	@$(BIN)/python -m pytest --stage beside -n $(JOBS) --dist loadscope $(ARGS); beside=$$?; \
	$(BIN)/python -m pytest --stage processes -n $(JOBS) --dist loadscope $(ARGS) && exit $$beside

check: .venv/.test
	@$(LINT)
	@$(MAKE) --no-print-directory -j2 types pure

types: .venv/.test
	@$(TYPES)

pure: .venv/.test
	@$(BIN)/python -m pytest --stage pure -n $(JOBS) --dist loadfile $(ARGS)

test-all:
	@$(MAKE) test ARGS='--full $(ARGS)'

lint: .venv/.test
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format . && $(SCRIPTS)

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Transfer Lab needs Python 3.11 or newer; this is %d.%d. Say: make app PYTHON=python3.12" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
	@touch $@

# a module is compiled when it is first imported, and that is kept; the many that never are imported are not compiled
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --disable-pip-version-check install --no-compile

# the very archives that were tested, each held to its hash, where they fit; else what the ranges allow.
# $(call install,requirements requirements-dev) installs what these files name
TESTED := sys.version_info[:2] == (3, 11) and "$(TENSORFLOW)" == "tensorflow-cpu" and os.confstr("CS_GNU_LIBC_VERSION") >= "glibc 2.28"
install = @echo 'Installing packages, most of it TensorFlow: some minutes of download on a slow line.'; \
	if $(BIN)/python -c 'import os, sys; sys.exit(not ($(TESTED)))' 2>/dev/null; \
	then $(PIP) --require-hashes $(1:%=-r %.lock); \
	else sed 's/^tensorflow>/$(TENSORFLOW)>/' requirements.txt > .venv/requirements.txt && cp requirements-dev.txt .venv \
	&& $(PIP) $(1:%=-r .venv/%.txt); fi

.venv/.app: .venv/.python requirements.txt requirements.lock
	$(call install,requirements)
	@touch $@

export: .venv/.app
	$(PIP) -r requirements-export.txt

ray: .venv/.app
	$(PIP) -r requirements-ray.txt

lock: .venv/.python
	$(BIN)/python assets/rebuild/lock.py

# tests begin with all modules compiled: what a compiler warns of in somebody else's is no failure of theirs
.venv/.test: .venv/.python requirements.txt requirements-dev.txt requirements.lock requirements-dev.lock
	$(call install,requirements requirements-dev)
	@$(BIN)/python -W ignore -m compileall -qq -j 0 .venv/lib || true
	@touch .venv/.app $@

# Chromium and a Chinese font: from the system's packages where they have it and we may install it, else Playwright's own
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n)
.venv/.chromium: .venv/.test
	@if command -v chromium >/dev/null 2>&1 && fc-list 2>/dev/null | grep -qi 'cjk'; then echo 'Chromium is here.'; \
	elif grep -qi '^ID=debian' /etc/os-release 2>/dev/null && $(SUDO) apt-get update -qq \
	  && $(SUDO) env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig >/dev/null; then \
	  echo 'Chromium is installed.'; \
	else $(BIN)/python -m playwright install chromium; fi
	@touch $@
