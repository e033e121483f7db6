#!/bin/sh
# Sees to it that the tests find PostgreSQL's programs (initdb, postgres, psql), which they run as an ordinary user in
# temporary folders. Where they cannot be had, says so, and the tests say that they were not tried.
#
# FARKAS_INSTALL=no installs nothing, only says what is missing.
set -eu
cd "$(dirname "$0")/.."

have() { command -v "$1" >/dev/null 2>&1; }
for program in /usr/lib/postgresql/*/bin/postgres; do
	[ ! -e "$program" ] || exit 0
done
! have postgres || exit 0

missing() {
	echo "PostgreSQL is missing: $1. Tests of several nodes are left out (Debian: apt-get install postgresql)"
	exit 0
}
have apt-get || missing "no apt-get here"
[ "${FARKAS_INSTALL:-yes}" != no ] || missing "FARKAS_INSTALL=no"
if [ "$(id -u)" -eq 0 ]; then
	as_root=
elif have sudo && sudo -n true 2>/dev/null; then
	as_root="sudo -n"
else
	missing "installing it needs root"
fi

echo "Installing: postgresql"
mkdir -p vendor
# The package would make a cluster and start a server; nobody here needs that one. "sudo -n" falls into words.
# shellcheck disable=SC2086
{
	$as_root mkdir -p /etc/postgresql-common/createcluster.d
	echo 'create_main_cluster = false' | $as_root tee /etc/postgresql-common/createcluster.d/farkas.conf
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update || true
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends postgresql
} </dev/null >vendor/apt-postgres.log 2>&1 || {
	tail -n 5 vendor/apt-postgres.log
	missing "it could not be installed"
}
