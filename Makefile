# Needs Python 3.11 or newer with venv and pip, and make; a C compiler makes the facade faster. Everything else is fetched into .venv/
# and var/.
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV ?= $(or $(shell command -v uv),var/bootstrap/bin/uv)
BIN := .venv/bin
READY := .venv/.synced
PROJECTS := pyproject.toml uv.lock chassis/pyproject.toml extracted/users/pyproject.toml
SYNC := $(UV) sync --frozen --all-packages --quiet --python $(PYTHON)
CHECKS := check-format check-lint check-types check-types-users check-imports check-monolith check-users
# uv trusts what the machine trusts: a mirror behind a company's own authority works with an empty environment.
export UV_SYSTEM_CERTS ?= true
# Hundreds of processes are started here; each would compile some 700 modules anew.
unexport PYTHONDONTWRITEBYTECODE
ARGS ?=
BOUNDS ?= small

.PHONY: help demo up down test check bench native model tools clean $(CHECKS)

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: native  ## move the users context out and back under live load, and prove that nothing was lost
	$(BIN)/python manage.py demo --context users $(ARGS)

up: native  ## run the whole platform until Ctrl-C
	$(BIN)/python manage.py up $(ARGS)

down: $(READY)  ## stop the platform, PostgreSQL and Valkey
	$(BIN)/python -m migrations_tools.platform stop

test: $(READY)  ## run every test; those whose tools are missing and cannot be installed are skipped, and say so
	-@.ci/tools
	@$(MAKE) --no-print-directory native
	@# Three workers for two cores: many tests wait for processes.
	$(BIN)/pytest -n 3 --dist loadscope $(ARGS)

check: $(READY)  ## formatting, lint, types, import contracts, plans, migrations
	@$(MAKE) --no-print-directory --jobs 2 --keep-going --output-sync=target $(CHECKS)

bench: native  ## measure, and write JSON under var/bench/
	$(SYNC) --group bench
	$(BIN)/python -m benchmarks $(ARGS)

native: $(READY)  ## make machine code of what every request to the facade passes; without a compiler it runs as Python
	@$(BIN)/python -m facade.native.build

model: tools  ## check the model of the hand-over protocol with spin (BOUNDS=large for more)
	$(PYTHON) docs/model/run.py --bounds $(BOUNDS) $(ARGS)

tools:  ## have spin and Chromium, for the model and the browser tests
	@.ci/tools

clean:  ## stop everything and delete what it made: databases, keys, reports, caches
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m migrations_tools.platform destroy; fi
	@[ ! -d var ] || find var -mindepth 1 -maxdepth 1 ! -name bootstrap -exec rm -rf {} +
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

check-format: $(READY)
	$(BIN)/ruff format --check

check-lint: $(READY)
	$(BIN)/ruff check

check-types: $(READY)
	$(BIN)/mypy

check-types-users: $(READY)
	$(BIN)/mypy --config-file extracted/users/pyproject.toml --cache-dir .mypy_cache/users extracted/users

check-imports: $(READY)
	$(BIN)/lint-imports

check-monolith: $(READY)
	$(BIN)/python manage.py check
	$(BIN)/python manage.py makemigrations --check --dry-run

check-users: $(READY)
	$(BIN)/python extracted/users/manage.py check
	$(BIN)/python extracted/users/manage.py makemigrations --check --dry-run

$(READY): $(PROJECTS) | $(UV)
	$(SYNC)
	@touch $@

var/bootstrap/bin/uv:
	$(PYTHON) -m venv var/bootstrap
	var/bootstrap/bin/pip install --quiet --disable-pip-version-check uv
