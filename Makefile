# Each command sets up what it needs; see README.md.  make serve PORT=8001
PYTHON ?= python3
export HOST PORT

.PHONY: serve test test-all build prepare figures equations notebooks results bench audit lint setup tools mutants clean

serve test test-all build prepare figures equations notebooks results bench audit lint setup tools:
	@$(PYTHON) scripts/project.py $@

mutants:
	@$(PYTHON) scripts/project.py $@ $(if $(CHANGED),--changed $(CHANGED))

clean:
	rm -rf .venv node_modules .cache site docs/assets
