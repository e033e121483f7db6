#!/bin/sh
# Type-checks the workspace with no solver and with each solver alone, so that no feature comes to lean on another.
set -eu
cd "$(dirname "$0")/.."
[ -z "${CI:-}" ] || set -- --locked

for features in "" $(tr ',' ' ' <vendor/features); do
	echo "Checking with solvers: ${features:-none}"
	cargo check --quiet --release --workspace --all-targets "$@" --no-default-features --features "$features"
done
