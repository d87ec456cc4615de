# make run    serve the portal; PORT=8123 and DATA_DIR=/some/folder are understood
# make test   run every test; ARGS="-k report" chooses
# make bench  measure it beside plain ways of doing the same; ARGS=--quick is small and fails only when a result is wrong
# make attack  let scanners and fuzzers at a demo on this machine, half an hour; ARGS="sqlmap --minutes 5" chooses
# make soak   file reports while everything fails; MINUTES=5, COUNT=10000 and SEED=1 are understood; ends with an error when a promise was broken
# make check  lint, types, migrations; make screenshots takes the pictures of the README again
PYTHON ?= python3
PORT ?= 8000
DATA_DIR ?= var
ARGS ?=
MINUTES ?= 5
COUNT ?= 10000
SEED ?=

.DEFAULT_GOAL := run
.PHONY: run test check soak restore bench screenshots lint types migrations environment browser servers attack

run: environment
	@exec .venv/bin/python -m portal.runtime --die-with-parent --port "$(PORT)" --data-dir "$(DATA_DIR)"

# A file goes to one worker as a whole: its tests may share a running portal or a browser. tests/conftest.py says which begin.
test: environment browser servers
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

servers: environment
	@sh tools/unpack.sh pgbouncer
	@sh tools/unpack.sh nginx

# Into an empty portal: make restore FILE=portal-20200306T180000Z.age IDENTITY=key.txt
restore: environment
	@DATA_DIR="$(DATA_DIR)" .venv/bin/python manage.py restore "$(FILE)" --identity "$(IDENTITY)" $(ARGS)

bench: environment
	@.venv/bin/python -W ignore::RuntimeWarning benchmarks/bench.py $(ARGS)

attack: environment
	@.venv/bin/python tools/attack.py $(ARGS)

soak: environment
	@.venv/bin/python -W ignore -m tests.soak --minutes "$(MINUTES)" --reports "$(COUNT)" $(if $(SEED),--seed "$(SEED)")
