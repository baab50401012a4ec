# Every command makes what it needs in .venv; nothing outside this folder is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app app
PORT ?= 8000
export PORT

.PHONY: demo run test test-fast check bench torture shots translations clean

demo: $(VENV)/.installed ## demo data in instance/demo.db, then serve on 127.0.0.1:$(PORT)
	@DATABASE_URL="sqlite:///$(CURDIR)/instance/demo.db" $(FLASK) crm demo
	@DATABASE_URL="sqlite:///$(CURDIR)/instance/demo.db" $(FLASK) crm serve

run: $(VENV)/.installed ## migrate instance/crm.db (or DATABASE_URL) and serve
	@$(FLASK) db upgrade
	@$(FLASK) crm serve

test: $(VENV)/.installed-dev ## every test, on SQLite and PostgreSQL, and in a real browser
	@sh tests/chromium.sh
	@sh tests/nginx.sh
	$(BIN)/python -m pytest -n 2 --dist worksteal --durations=20

test-fast: $(VENV)/.installed-dev ## all unit tests, and the first three of every module of db and web, on SQLite
	CRM_TEST_DATABASES=sqlite CRM_TEST_SAMPLE=3 $(BIN)/python -m pytest -n 2 --dist worksteal tests/unit tests/db tests/web

check: $(VENV)/.installed-dev ## lint, types, layers, templates, declarations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint templates
	$(FLASK) crm check

torture: $(VENV)/.installed-dev ## kill -9 workers at 200 random points of imports, on each database
	CRM_TORTURE_ROUNDS=200 CRM_TORTURE_ROWS=20000 $(BIN)/python -m pytest tests/torture -s

bench: $(VENV)/.installed-dev ## measure imports, pages and searches, print ratios, write bench/results.json; ARGS=--help
	$(BIN)/python -m bench.run $(ARGS)

shots: $(VENV)/.installed-dev ## draw docs/screenshots from demo data, in a real browser
	@sh tests/chromium.sh
	$(BIN)/python tests/e2e/shots.py

translations: $(VENV)/.installed ## new messages into both catalogues, unused ones out, compile; say what is untranslated
	@$(FLASK) crm translations

$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

clean:
	rm -rf $(VENV) instance
