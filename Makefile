# Everything a person does with a checkout: set up, demo, test, check, bench.
# The set-up is done once and again only when the lock or pyproject.toml change.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TORCH := 2.13.0

# Headless OpenGL, a virtual screen and its keyboard, and what Pillow sets kerned text with:
# Debian's and Ubuntu's names.
SYSTEM_PACKAGES := libegl1 libgl1 libopengl0 libglx-mesa0 libgl1-mesa-dri xvfb xauth xdotool \
	x11-utils libxcursor1 libxi6 libxrandr2 libxss1 libxfixes3 \
	libfribidi0

.PHONY: demo test check bench lock system clean help

help:
	@echo "make demo   serve the shipped network and walk through it (without a display: a picture)"
	@echo "make test   the whole test suite, OpenGL included"
	@echo "make check  format, lint, types, import contracts"
	@echo "make bench  the benchmarks, as a table"

demo: $(READY)
	$(BIN)/layerwalk demo

test: $(READY)
	$(BIN)/python -m pytest $(PYTEST_ARGUMENTS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m benchmarks

$(READY): requirements.lock pyproject.toml Makefile
	@$(MAKE) --no-print-directory system
	@$(PYTHON) -c 'import sys; sys.exit("Layerwalk needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
# PyTorch's CPU build: from the configured index if it carries it, else by uv, which knows where
# PyTorch keeps it. An installed PyTorch $(TORCH) of any build is left alone.
	@$(BIN)/python -c 'import torch, sys; sys.exit(torch.__version__.split("+")[0] != "$(TORCH)")' 2>/dev/null \
		|| $(BIN)/pip install -q --no-deps "torch==$(TORCH)+cpu" 2>/dev/null \
		|| { $(BIN)/pip install -q uv && $(BIN)/uv pip install -q --python $(BIN)/python --no-deps --torch-backend=cpu "torch==$(TORCH)"; }
	$(BIN)/pip install -q --disable-pip-version-check --no-deps -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

# System packages are installed for root on Debian and Ubuntu; anyone else is told what to ask for.
system:
	@missing=""; \
	for library in libEGL.so.1 libGL.so.1 libOpenGL.so.0 libXcursor.so.1 libXrandr.so.2 libfribidi.so.0; do \
		ldconfig -p 2>/dev/null | grep -q "$$library" || missing="$$missing $$library"; done; \
	for program in Xvfb xdotool; do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing system packages for$$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			--no-install-recommends $(SYSTEM_PACKAGES) python3-venv >/dev/null; \
	else \
		echo "missing:$$missing - for headless OpenGL and the window tests run: sudo apt-get install $(SYSTEM_PACKAGES) python3-venv"; \
	fi

# Write the lock anew from what pyproject's ranges give today.
lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/pip install -q "torch==$(TORCH)+cpu" hatchling ".[dev]"
	{ sed -n '/^#/p' requirements.lock; build/lock/bin/pip freeze --exclude layerwalk --exclude torch; } > build/requirements.lock
	mv build/requirements.lock requirements.lock

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis
