# Environments inside this folder: .venv holds what tracking needs, .venv-test every extra, .venv-docs what docs need.
PYTHON ?= python3
BIN = .venv/bin
TEST_BIN = .venv-test/bin
DOCS_BIN = .venv-docs/bin
PIP = -m pip --disable-pip-version-check --quiet
QUICK = tests/test_house.py tests/detectors/test_base.py tests/detectors/test_boxes.py tests/detectors/test_replay.py \
  $(addprefix tests/tracker/,association motion regions drawing)

.PHONY: demo demo-live test test-quick package docker-steps check bench docs clean

demo: .venv/ready
	@mkdir -p demo
	@echo "== tracking videos/walkers.mp4: people on a path, and two parked cars"
	@$(BIN)/keeptrack videos/walkers.mp4 -o demo/walkers.tracked.mp4 --overwrite
	@echo "== watch demo/walkers.tracked.mp4; then: $(BIN)/keeptrack YOUR_VIDEO.mp4"

demo-live: .venv/ready
	@echo "== the clip as a camera on this computer: open http://127.0.0.1:8000/, Ctrl-C ends it"
	@$(BIN)/python videos/serve.py --port 8554 & camera=$$!; trap "kill $$camera" EXIT; sleep 1; \
	  $(BIN)/keeptrack http://127.0.0.1:8554/walkers --view -o none

test: .venv-test/ready
	@echo "== running the tests, two files at a time, ten minutes or so: a dot is one that passed"
	@OMP_NUM_THREADS=1 $(TEST_BIN)/python -m pytest -n 2 --dist loadfile

test-quick: .venv/tested
	@echo "== the core alone: tracker, formats, files; no torch, no browser, no network"
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile -p no:cacheprovider $(QUICK)

package:
	@PYTHON=$(PYTHON) .ci/package

docker-steps:
	@.ci/docker-steps

check: .venv-test/ready
	@echo "== ruff and mypy"
	@$(TEST_BIN)/ruff format --check .
	@$(TEST_BIN)/ruff check .
	@$(TEST_BIN)/mypy

bench: .venv/ready
	@$(BIN)/python -m benchmarks.speed

docs: .venv-docs/ready
	@NO_MKDOCS_2_WARNING=1 $(DOCS_BIN)/python -m mkdocs build --strict --quiet
	@echo "== open site/index.html; to search, serve it: $(PYTHON) -m http.server --directory site"

clean:
	rm -rf .venv .venv-test .venv-docs demo site

.venv/ready: pyproject.toml
	@echo "== setting up .venv with the light core (0.65 GB, a minute or two)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python $(PIP) install --upgrade pip
	@$(BIN)/python $(PIP) install --no-compile --editable ".[view]"
	@$(call without-libgl,$(BIN))
	@touch $@

.venv/tested: .venv/ready
	@echo "== adding pytest, and onnx, which makes small models"
	@$(BIN)/python $(PIP) install --no-compile pytest pytest-xdist hypothesis onnx
	@touch $@

.venv-test/ready: pyproject.toml
	@echo "== setting up .venv-test with every extra (about 7 GB, five minutes or so; make test-quick needs one)"
	@$(PYTHON) -m venv .venv-test
	@$(TEST_BIN)/python $(PIP) install --upgrade pip
	@$(TEST_BIN)/python $(PIP) install --editable ".[all]"
	@$(call without-libgl,$(TEST_BIN))
	@touch $@

.venv-docs/ready: pyproject.toml
	@echo "== setting up .venv-docs with the light core and what builds the documentation (about 0.9 GB)"
	@$(PYTHON) -m venv .venv-docs
	@$(DOCS_BIN)/python $(PIP) install --upgrade pip
	@$(DOCS_BIN)/python $(PIP) install --editable ".[docs]"
	@touch $@

# opencv-python needs the system's libGL. Where that is missing, the headless build takes its place; it is installed
# over the other, because both unpack into the same folder.
define without-libgl
$(1)/python -c "import cv2" 2>/dev/null || { \
  echo "== no libGL on this system: taking opencv-python-headless instead"; \
  $(1)/python $(PIP) uninstall --yes opencv-python && \
  $(1)/python $(PIP) install --force-reinstall --no-deps opencv-python-headless && \
  $(1)/python -c "import cv2"; }
endef
