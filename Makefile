# make run    serve the portal; PORT=8123 and DATA_DIR=/some/folder are understood
# make test   run every test; ARGS="-k report" chooses
# make bench  measure it beside plain ways of doing the same; ARGS=--quick is small and fails only when a result is wrong
# make check  lint, types, migrations; make screenshots takes the pictures of the README again
PYTHON ?= python3
PORT ?= 8000
DATA_DIR ?= var
ARGS ?=

.DEFAULT_GOAL := run
.PHONY: run test check bench screenshots lint types migrations environment browser pooler

run: environment
	@exec .venv/bin/python -m portal.runtime --die-with-parent --port "$(PORT)" --data-dir "$(DATA_DIR)"

# A file goes to one worker as a whole: its tests may share a running portal or a browser. tests/conftest.py says which begin.
test: environment browser pooler
	@.venv/bin/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: lint types migrations

lint: environment
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet .

types: environment
	@.venv/bin/mypy --strict .

migrations: environment
	@.venv/bin/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

screenshots: environment browser
	@.venv/bin/python tools/screenshots.py --port "$(PORT)"

environment:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: install python3 first."; echo "需要 Python 3.11 或更高版本：请先安装 python3。"; exit 1; } >&2
	@$(PYTHON) tools/environment.py

browser:
	@sh tools/browser.sh

pooler: environment
	@sh tools/pgbouncer.sh

bench: environment
	@.venv/bin/python -W ignore::RuntimeWarning benchmarks/bench.py $(ARGS)
