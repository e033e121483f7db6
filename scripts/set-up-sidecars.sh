#!/bin/sh
# Puts a Python with the sidecars and their solvers into vendor/sidecars, for the conformance suite's tests long_…_passes.
# Idempotent; where it cannot be had, one line says why, and the tests say that they were not run.
set -eu
cd "$(dirname "$0")/.."

WISH="numpy==2.4.6 msgpack==1.2.4 gurobipy==13.0.3 coptpy==8.0.7 ortools==9.15.6755"

[ "$(cat vendor/sidecars/.made-from 2>/dev/null)" != "$WISH" ] || exit 0
left_out() {
	rm -rf vendor/sidecars
	echo "Sidecars: left out: $1; look at vendor/sidecars.log"
	exit 0
}
mkdir -p vendor && rm -rf vendor/sidecars
echo "Fetching the sidecars' solvers (150 MB)"
python3 -m venv vendor/sidecars >vendor/sidecars.log 2>&1 || left_out "python3 with venv is missing"
# The list falls into words here.
# shellcheck disable=SC2086
vendor/sidecars/bin/python -m pip install --quiet --disable-pip-version-check --no-input $WISH </dev/null \
	>>vendor/sidecars.log 2>&1 || left_out "the download failed"
# The package itself is used where it stands, so that a change counts at once.
packages=$(vendor/sidecars/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$PWD/sidecar/src" >"$packages/farkas_sidecar.pth"
echo "$WISH" >vendor/sidecars/.made-from
