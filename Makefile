# Two environments, both inside this folder: .venv holds what tracking needs, .venv-test holds every extra.
PYTHON ?= python3
BIN = .venv/bin
TEST_BIN = .venv-test/bin
PIP = -m pip --disable-pip-version-check --quiet

.PHONY: demo test check bench clean

demo: .venv/ready
	@mkdir -p demo
	@$(BIN)/python videos/bikes.py demo/bikes.mp4
	@echo "== tracking a street in Brussels"
	@$(BIN)/keeptrack demo/bikes.mp4 -o demo/bikes.tracked.mp4 --mot demo/bikes.txt --overwrite
	@echo "== watch demo/bikes.tracked.mp4; then: $(BIN)/keeptrack YOUR_VIDEO.mp4"

test: .venv-test/ready
	@echo "== running the tests, two files at a time"
	@OMP_NUM_THREADS=1 $(TEST_BIN)/python -m pytest -n 2 --dist loadfile

check: .venv-test/ready
	@echo "== ruff and mypy"
	@$(TEST_BIN)/ruff format --check .
	@$(TEST_BIN)/ruff check .
	@$(TEST_BIN)/mypy

bench: .venv/ready
	@$(BIN)/python -m benchmarks.speed

clean:
	rm -rf .venv .venv-test demo

.venv/ready: pyproject.toml
	@echo "== setting up .venv with the light core (about 0.7 GB, a minute or two)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python $(PIP) install --upgrade pip
	@$(BIN)/python $(PIP) install --editable ".[demo]"
	@$(call without-libgl,$(BIN))
	@touch $@

.venv-test/ready: pyproject.toml
	@echo "== setting up .venv-test with every extra (about 7 GB, several minutes)"
	@$(PYTHON) -m venv .venv-test
	@$(TEST_BIN)/python $(PIP) install --upgrade pip
	@$(TEST_BIN)/python $(PIP) install --editable ".[all]"
	@$(call without-libgl,$(TEST_BIN))
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
