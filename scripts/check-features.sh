#!/bin/sh
# Type-checks the workspace with no solver and with each solver alone, so that no feature comes to lean on another, and tests
# what is compiled in on request.
set -eu
cd "$(dirname "$0")/.."
[ -z "${CI:-}" ] || set -- --locked

for features in "" $(tr ',' ' ' <vendor/features); do
	echo "Checking with solvers: ${features:-none}"
	cargo check --quiet --release --workspace --all-targets "$@" --no-default-features --features "$features"
done

# With no solver's library at all a model is still solved: by those in pure Rust.
cargo test --quiet --release "$@" --no-default-features --test in_process

# Spans go to a collector where they are compiled in.
cargo test --quiet --release "$@" -p farkas-service --features otlp --test otlp
