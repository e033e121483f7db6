#!/bin/sh
# Puts the free editions of CPLEX, Xpress and Gurobi, out of their Python wheels, into vendor/wheels, where the tests look
# for them. Idempotent; one that cannot be had is left out with a line that says why, and the tests say that it was not
# tried. Each comes under its vendor's own licence for its free edition (in the wheel); nothing of them is built in.
#
# FARKAS_WHEELS_WANTED="cplex xpress" limits what is fetched (default: cplex xpress gurobi).
set -eu
cd "$(dirname "$0")/.."

WANTED=${FARKAS_WHEELS_WANTED:-cplex xpress gurobi}
packages_of() {
	case $1 in
	cplex) echo "cplex==22.2.0.1" ;;
	xpress) echo "xpress==9.9.1 xpresslibs==9.9.1" ;;
	gurobi) echo "gurobipy==13.0.3" ;;
	esac
}

log=vendor/wheels.log
made=vendor/wheels/.made-from
mkdir -p vendor
for solver in $WANTED; do
	packages=$(packages_of "$solver")
	[ -n "$packages" ] || { echo "There is no wheel for '$solver'; there are: cplex, xpress, gurobi" >&2; exit 1; }
	! grep -qsxF "$packages" "$made" || continue
	if [ ! -x vendor/wheels/bin/python ]; then
		python3 -m venv vendor/wheels >"$log" 2>&1 || {
			rm -rf vendor/wheels
			echo "solvers' wheels: left out: python3 with venv is missing (python3-venv); look at $log"
			exit 0
		}
	fi
	echo "Fetching $packages"
	# The list falls into words here. Without what the packages ask for: only their libraries are used.
	# shellcheck disable=SC2086
	if vendor/wheels/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
		--only-binary=:all: $packages </dev/null >>"$log" 2>&1; then
		echo "$packages" >>"$made"
	else
		echo "solver $solver: left out: no wheel of $packages for this machine, or the download failed; look at $log"
	fi
done
