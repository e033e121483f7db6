#!/bin/sh
# Puts a Python with published clients of other services into vendor/clients, for the test that they work here unchanged
# (tests/clients.rs). Idempotent; where it cannot be had, one line says why, and the test says that it was not run.
set -eu
cd "$(dirname "$0")/.."

WISH="cuopt-sh-client==26.10.0 ortools==9.15.6755"

[ "$(cat vendor/clients/.made-from 2>/dev/null)" != "$WISH" ] || exit 0
left_out() {
	rm -rf vendor/clients
	echo "Clients: left out: $1; look at vendor/clients.log"
	exit 0
}
mkdir -p vendor && rm -rf vendor/clients
echo "Fetching clients of other services (120 MB)"
python3 -m venv vendor/clients >vendor/clients.log 2>&1 || left_out "python3 with venv is missing"
# The list falls into words here.
# shellcheck disable=SC2086
vendor/clients/bin/python -m pip install --quiet --disable-pip-version-check --no-input $WISH </dev/null \
	>>vendor/clients.log 2>&1 || left_out "the download failed"
echo "$WISH" >vendor/clients/.made-from
