# Farkas. `make help` says what there is.
#
# Everything is built with --release, so that HiGHS (minutes of C++) is compiled once for tests, lints and programs alike.

SHELL := /bin/sh
CARGO ?= cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)

# Solvers out of Python wheels, where scripts/set-up-wheels.sh puts them.
export FARKAS_WHEELS ?= $(CURDIR)/vendor/wheels

# Read when a recipe runs, so after `setup` has written the file.
SOLVERS = $(shell cat vendor/features)
FEATURES = $(if $(findstring highs,$(SOLVERS)),,--no-default-features) --features "$(SOLVERS),good_lp,sprs"
# In CI the lock file must be right already.
LOCKED := $(if $(CI),--locked)
CARGO_FLAGS = --release --workspace $(LOCKED) $(FEATURES)

# Tests named long_… run in `make test-all` only.
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)
ifeq ($(NEXTEST),yes)
run_tests = $(CARGO) nextest run --profile $(if $(CI),ci,default) $(CARGO_FLAGS)
run_all_tests = $(CARGO) nextest run --profile all $(CARGO_FLAGS)
else
no_nextest = echo 'cargo-nextest is missing, so this is cargo test, without time limits (cargo install cargo-nextest --locked)'
run_tests = $(no_nextest); $(CARGO) test $(CARGO_FLAGS) --lib --bins --tests --no-fail-fast -- --skip long_
run_all_tests = $(no_nextest); $(CARGO) test $(CARGO_FLAGS) --lib --bins --tests --no-fail-fast
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup build serve test test-all lint doc bench clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Install what the solvers need, fetch SCIP (quick when all is there)
	@scripts/set-up.sh

build: setup ## Build target/release/farkas and its workers farkas-highs, farkas-scip, farkas-cbc
	$(CARGO) build $(CARGO_FLAGS)

serve: build ## Start the service here (ARGS="--listen 127.0.0.1:9000" and the like are passed on)
	@echo 'Starting Farkas. When it listens, open its address in a browser, or send it a problem from another terminal'
	@echo '(`$(TARGET_DIR)/release/farkas help` says how). Ctrl-C stops it.'
	@exec $(TARGET_DIR)/release/farkas serve $(ARGS)

test: lint doc build ## Lint, document, and run every test that takes seconds
	scripts/set-up-postgres.sh
	$(run_tests)
	$(CARGO) test --doc $(CARGO_FLAGS)

test-all: lint doc build ## The same with the long tests, Pyomo, solvers out of wheels, and the solvers in other combinations
	scripts/set-up-postgres.sh
	scripts/set-up-pyomo.sh
	scripts/set-up-wheels.sh
	scripts/set-up-sidecars.sh
	scripts/set-up-clients.sh
	FARKAS_FAULTS=1000 $(run_all_tests)
	$(CARGO) test --doc $(CARGO_FLAGS)
	scripts/check-features.sh

lint: setup ## Check formatting, clippy, and (where cargo-deny is installed) licences
	$(CARGO) fmt --all --check
	$(CARGO) clippy --all-targets $(CARGO_FLAGS) -- -D warnings
	@if $(CARGO) deny --version >/dev/null 2>&1; \
	then $(CARGO) deny --workspace check bans licenses sources; \
	else echo 'Licences not checked: cargo-deny is missing (cargo install cargo-deny --locked)'; fi

doc: setup ## Write the documentation to target/doc
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --no-deps $(CARGO_FLAGS)

bench: build ## Run the micro-benchmarks (the solvers' race: `farkas bench`)
	$(CARGO) bench --workspace $(LOCKED) $(FEATURES) --benches -- $(ARGS)

clean: ## Remove what was built (not vendor/, which set-up would have to fetch again)
	$(CARGO) clean
