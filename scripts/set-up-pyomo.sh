#!/bin/sh
# Puts a Python with Pyomo and HiGHS into vendor/pyomo, for the test of the AMPL driver (tests/pyomo.rs). Idempotent; where
# it cannot be had, one line says why, and the test says that it was not run.
set -eu
cd "$(dirname "$0")/.."

WISH="pyomo==6.10.1 highspy==1.16.0"

[ "$(cat vendor/pyomo/.made-from 2>/dev/null)" != "$WISH" ] || exit 0
left_out() {
	rm -rf vendor/pyomo
	echo "Pyomo: left out: $1; look at vendor/pyomo.log"
	exit 0
}
mkdir -p vendor && rm -rf vendor/pyomo
echo "Fetching Pyomo (30 MB)"
python3 -m venv vendor/pyomo >vendor/pyomo.log 2>&1 || left_out "python3 with venv is missing"
# The list falls into words here.
# shellcheck disable=SC2086
vendor/pyomo/bin/python -m pip install --quiet --disable-pip-version-check --no-input $WISH </dev/null \
	>>vendor/pyomo.log 2>&1 || left_out "the download failed"
echo "$WISH" >vendor/pyomo/.made-from
