# The same targets here and in CI. `make demo` and `make test` set up what is missing.
.NOTPARALLEL:
SHELL := bash
# Every step is timed: `make test` ends with a table of them.
.SHELLFLAGS = tests/steps.sh $@

CARGO ?= cargo
PYTHON ?= python3
# What is built with the sandbox is always asked for in these words: another choice of packages is
# another choice of features, and wasmtime would be compiled anew. `--test` belongs to them, because
# the packages that only tests want have a say in the features too.
WITH_SANDBOX := --locked --workspace --exclude trimtab-python --exclude trimtab-core
PACK := $(CARGO) test --quiet $(WITH_SANDBOX) --test pack --no-run && target/debug/trimtab-pack
VENV := .venv/bin
BUN := pkg/node_modules/.bin/bun

.PHONY: package prove-packages first-minutes api check-api package-tests
.PHONY: demo check test weigh parity session real-nodes bench bench-hub world world-short world-soak soak soak-modules mutants generate module wheel release-wheel npm fmt clean \
        setup wasm-target host-tests check-format check-generated check-reproducible lint rust-tests doc-tests \
        python-tests npm-tests readme docs deny steps-begin service-fuzz

demo: module            ## real decisions on real input
	@$(CARGO) test --quiet $(WITH_SANDBOX) --test command --no-run
	@target/debug/trimtab demo

check: check-format lint rust-tests   ## the daily loop: format, lints, core's tests, every vector on core

test: steps-begin setup check-format module lint rust-tests check-generated wheel npm host-tests \
      service-fuzz doc-tests parity python-tests npm-tests package-tests readme docs world-short check-reproducible deny   ## everything that CI checks
	@tests/steps.sh --table

steps-begin:
	@tests/steps.sh --begin

# --- set-up ---

setup: wasm-target .venv/ready pkg/node_modules/ready

wasm-target:
	@rustup target list --installed 2>/dev/null | grep -q wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown

.venv/ready: tests/requirements.txt
	$(PYTHON) -m venv .venv
	$(VENV)/python -m pip install --quiet --requirement tests/requirements.txt
	@touch $@

pkg/node_modules/ready: pkg/package-lock.json
	npm ci --prefix pkg
	@touch $@

# --- what is built ---

module: wasm-target     ## the one WebAssembly module, checked and copied to pkg/, python/ and host/
	$(PACK) build

generate:               ## every file that is derived from core
	$(PACK) generate

# The wheel for tests leaves out what makes the last percents of speed and takes minutes to link.
wheel: WHEEL := --profile world
release-wheel: WHEEL := --release
wheel release-wheel: module .venv/ready   ## the Python wheel, installed in .venv; as it is shipped
	rm -f target/wheels/trimtab-*.whl
	$(VENV)/maturin build --quiet --locked $(WHEEL) --manifest-path python/Cargo.toml --out target/wheels
	$(VENV)/python -m pip install --quiet --no-deps --force-reinstall target/wheels/trimtab-*.whl

npm: module pkg/node_modules/ready   ## the npm package
	npm run --silent --prefix pkg build

# --- what is checked ---

check-format:
	$(CARGO) fmt --all --check

lint: wasm-target
	$(CARGO) clippy --quiet --locked --workspace --all-targets -- --deny warnings
	$(CARGO) clippy --quiet --locked --package trimtab-wasm --target wasm32-unknown-unknown -- --deny warnings

# Core, and every vector on core; without the sandbox, so that this is built in a minute.
rust-tests:
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
	  $(CARGO) nextest run --locked --package trimtab-core --status-level fail; \
	  $(CARGO) nextest run --locked --package trimtab-tests --no-default-features --test vectors --status-level fail; \
	else \
	  $(CARGO) test --locked --package trimtab-core --lib --tests; \
	  $(CARGO) test --locked --package trimtab-tests --no-default-features --test vectors; \
	fi

PROGRAMS := $(CARGO) test --quiet $(WITH_SANDBOX) --lib --bins --test command --test log --test sandbox --test parity --test serve --no-run

# The sandbox, the command, the module's own tests and the harness.
host-tests:
	$(CARGO) test $(WITH_SANDBOX) --lib --bins --test command --test log --test sandbox --test check --test parity --test serve

# Schemathesis weighs as much as all else that the tests install, so it has a place of its own.
FUZZ_SECONDS ?= 20
service-fuzz: .venv-service/ready   ## what the service's OpenAPI says, held against what it answers
	$(PYTHON) tests/service/fuzz.py --program target/debug/trimtab --schemathesis .venv-service/bin/schemathesis --seconds $(FUZZ_SECONDS)

.venv-service/ready: tests/service/requirements.txt
	$(PYTHON) -m venv .venv-service
	.venv-service/bin/python -m pip install --quiet --requirement tests/service/requirements.txt
	@touch $@

doc-tests:
	$(CARGO) test --quiet --locked --doc --package trimtab-core
	$(CARGO) test --quiet $(WITH_SANDBOX) --doc

check-generated:
	$(PACK) generate --check

check-reproducible:     ## the module is the same bytes from two directories
	$(PACK) check-reproducible

parity: setup module wheel npm   ## every vector on every surface
	$(PROGRAMS)
	target/debug/parity --bun $(BUN) --python $(VENV)/python

python-tests:
	cd python && ../$(VENV)/ruff check . ../tests ../docs/examples && ../$(VENV)/ruff format --check . ../tests ../docs/examples
	cd python && ../$(VENV)/python -m mypy trimtab
	cd target && ../$(VENV)/python -m mypy.stubtest trimtab._native --allowlist ../python/stubtest-allow.txt
	cd target && ../$(VENV)/python -m pytest --quiet --import-mode=importlib --rootdir ../python ../python/tests ../python/plugins
	@# One round: the peers of the bench must still decide as we do.
	cd target && TRIMTAB_BENCH_ROUNDS=1 ../$(VENV)/python ../tests/bench/run.py >/dev/null

npm-tests:
	npm test --silent --prefix pkg

# What must agree before anything is packed: stated versions, workflows, image, public interfaces.
package-tests: npm .venv/ready
	$(VENV)/python -m pytest --quiet --import-mode=importlib --rootdir tests/package tests/package
	$(VENV)/python tests/package/api.py

check-api: npm .venv/ready   ## what others can call is what tests/api says
	$(VENV)/python tests/package/api.py

readme:                 ## the commands and snippets of README.md and of the packages' own pages
	$(PROGRAMS)
	for page in README.md docs/service.md python/README.md pkg/README.md; do $(VENV)/python tests/readme/run.py $$page; done

# properdocs checks the links between the pages of docs/; links.py those of all other pages and
# those that leave docs/.
docs: .venv/ready       ## the documentation as a site in target/site; its links, picture and tables
	$(VENV)/python tests/docs/picture.py --check
	$(VENV)/python tests/docs/troubleshooting.py --check
	$(VENV)/python tests/docs/links.py
	$(VENV)/properdocs build --strict --quiet

weigh:                  ## what our own parts save in the module against the library for each; minutes a row
	$(PACK) weigh

deny:
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny --offline check; \
	else tests/steps.sh --skip "licences and advisories: cargo-deny is not installed"; fi

# --- packages ---

# The steps of both scripts can be run alone: python3 tests/package/build.py wheels npm.
TOOLS := target/package-tools/bin/python

package: setup module npm    ## every package into target/packages, each proved in an empty place
	$(PYTHON) tests/package/build.py tools
	$(TOOLS) tests/package/build.py
	$(TOOLS) tests/package/prove.py

prove-packages:         ## only the proof, on what target/packages holds
	$(TOOLS) tests/package/prove.py

first-minutes:          ## each user's first minutes with the packages alone; WRITE=1 keeps what they print
	$(TOOLS) tests/package/first_minutes.py $(if $(WRITE),--write)

api: npm .venv/ready    ## writes down what others can call
	$(VENV)/python tests/package/api.py --write

# --- what takes longer ---

session: wheel          ## docs/fleet-session.md: what a fleet of three nodes answers, recorded anew
	$(VENV)/python python/tests/cln/session.py

real-nodes: wheel       ## the fleet on real nodes; wants lightningd and bitcoind on the PATH, else skipped
	cd target && ../$(VENV)/python -m pytest --import-mode=importlib --rootdir ../python -m lightningd ../python/tests/cln

bench: setup release-wheel npm bench-hub  ## times, written to target/bench.json and target/bench-hub.jsonl
	$(CARGO) build --quiet --locked --release --package trimtab-tests --package trimtab-host --bin bench --bin trimtab
	target/release/bench --python $(VENV)/python
	$(CARGO) test --quiet --locked --profile world --package trimtab-core --test node_laws -- --ignored --nocapture

bench-hub: npm          ## a hub through trimtab/xln against plain JavaScript, in Node and in Bun
	@mkdir -p target
	node tests/bench/hub.mjs | tee target/bench-hub.jsonl
	$(BUN) tests/bench/hub.mjs | tee -a target/bench-hub.jsonl

# Without the sandbox it builds in minutes; `--sandbox` needs the default features.
WORLD := $(CARGO) run --quiet --locked --profile world --package trimtab-tests --no-default-features --bin world --

WORLD_SEEDS ?= 50
WORLD_DRAIN_SEEDS ?= 200
WORLD_BASELINE_SEEDS ?= 4
WORLD_DRAIN_BASELINE_SEEDS ?= 5
world:                  ## the simulator: WORLD_SEEDS for ours, more in drain, some for the baselines; docs/world.json, docs/world.md
	$(WORLD) --scenario all --seeds $(WORLD_SEEDS) --baseline-seeds $(WORLD_BASELINE_SEEDS) --docs docs
	$(WORLD) --scenario drain --seeds $(WORLD_DRAIN_SEEDS) --baseline-seeds $(WORLD_DRAIN_BASELINE_SEEDS) --docs docs

# The drain of these seven hours begins after six: there the treasury's silence meets it.
world-short:            ## docs/world.md; 5 seeds of 7 hours of every scenario, ours; 5 whole days of drain, all four policies
	$(WORLD) --check-docs docs
	$(WORLD) --scenario all --policy trimtab --seeds 5 --set hours=7 --set treasury_silent_from_hours=5.75 --set treasury_silent_until_hours=6.25
	$(WORLD) --scenario drain --seeds 5

world-soak:             ## 20 seeds of every scenario, ours
	$(WORLD) --scenario all --policy trimtab --seeds 20

# cargo-mutants from crates.io. 0/10, every tenth change, takes an hour and a half.
SHARD ?= 0/100
mutants:                ## core's tests and the vectors against a sample of small changes
	$(PYTHON) tests/mutants.py $(SHARD)

# The compiler of the sandbox without optimisation takes an hour for so many.
soak-modules:           ## 10,000 random modules and mutated bytes of our own through `trimtab check`
	TRIMTAB_MODULES=10000 $(CARGO) test --profile world $(WITH_SANDBOX) --test check -- --nocapture random_modules

soak: world-soak soak-modules wheel npm   ## 20 seeds of the world, 10,000 random modules, a minute of load on the service, a log of 100,000 decisions; told in docs/soak.json: every property test and random hub with 100,000 cases, 200 plugins and 100 monitors killed, 100,000 malformed messages
	$(VENV)/python tests/soak/run.py
	TRIMTAB_LOAD_SECONDS=60 $(CARGO) test $(WITH_SANDBOX) --test serve under_load -- --nocapture
	TRIMTAB_SOAK_LOG=100000 TRIMTAB_SOAK_KILLS=200 TRIMTAB_FLIP_STEP=1 $(CARGO) test $(WITH_SANDBOX) --profile world --test log

# --- housekeeping ---

fmt:
	$(CARGO) fmt --all
	-$(VENV)/ruff format python tests

clean:
	$(CARGO) clean
	rm -rf .venv pkg/node_modules pkg/dist pkg/module python/trimtab/module host/module
