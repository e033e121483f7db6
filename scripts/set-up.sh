#!/bin/sh
# Prepares a checkout for building: finds or installs what the solvers need, fetches SCIP, and writes
#
#   vendor/features       the cargo features of the solvers that can be built here, e.g. "highs,scip,cbc"
#   vendor/scip/lib       SCIP's libraries                                (lib/.made-from: what they were made from)
#   vendor/scip/bind      scip-sys' own bindings to them                 (bind/.made-from: likewise)
#   .cargo/config.toml    tells cargo to link that SCIP (a build-script override; holds this checkout's path)
#
# Idempotent, asks nothing, and takes a fraction of a second when there is nothing to do. A solver that cannot be had is
# left out with one line that says why and what to do; it never stops the build.
#
# FARKAS_SOLVERS="highs cbc" limits what is built (default: highs scip cbc).
# FARKAS_INSTALL=no          installs no system packages, only says which are missing.
set -eu
cd "$(dirname "$0")/.."

# SCIP 10.0.2, as the Python wheel of PySCIPOpt carries it. A new version needs both hashes.
SCIP_WHEEL=6.3.0
SCIP_WHEEL_SHA256_x86_64=6e3931d84f51cb1ca6646eea900012c5455af124774221318fecd731c79c80ca
SCIP_WHEEL_SHA256_aarch64=17bd07e48d277bbbc8f8221e399eb1ecfacd81f53c2e3744c4a8e82527735a6f
# The bindings come from the scip-sys that Cargo.lock names, so that the two cannot part.
SCIP_SYS=$(awk -F'"' '/^name = "scip-sys"$/ { getline; print $2; exit }' Cargo.lock)
SCIP_SYS=${SCIP_SYS:-0.1.28}

SOLVERS=${FARKAS_SOLVERS:-highs scip cbc}
SYSTEM=$(uname -s)
MACHINE=$(uname -m)
OURS="# Written by scripts/set-up.sh; do not edit."

have() { command -v "$1" >/dev/null 2>&1; }
wanted() { case " $SOLVERS " in *" $1 "*) true ;; *) false ;; esac; }
# True when at least one of the paths (a glob that the caller left unquoted) is there.
any_of() { for path; do [ ! -e "$path" ] || return 0; done; return 1; }

left_out() { echo "solver $1: left out: $2; $3"; }

# --- What must be there at all ---------------------------------------------------------------------------------------

if ! have cargo; then
	echo "cargo is missing. Install Rust with rustup: https://rustup.rs, then start a new shell and say this again." >&2
	exit 1
fi

# --- What the system gives -------------------------------------------------------------------------------------------

has_compiler() { have c++ && have cc; }
has_cmake() { have cmake; }
has_libclang() { # with the headers that belong to it, so the bare run-time library does not count
	[ -n "${LIBCLANG_PATH:-}" ] || any_of /usr/lib/llvm*/lib*/libclang.so /usr/lib/*/libclang.so /usr/lib*/libclang.so \
		/usr/local/lib/libclang.so /opt/homebrew/opt/llvm/lib/libclang.dylib /usr/local/opt/llvm/lib/libclang.dylib \
		/Library/Developer/CommandLineTools/usr/lib/libclang.dylib
}
has_cbc() { have pkg-config && pkg-config --exists cbc clp osi-cbc cgl; }
has_pip() { have python3 && python3 -m pip --version >/dev/null 2>&1; }
has_venv() { have python3 && python3 -c 'import ensurepip, venv' >/dev/null 2>&1; }

scip_wheel_sha256() {
	case $SYSTEM-$MACHINE in
	Linux-x86_64) echo $SCIP_WHEEL_SHA256_x86_64 ;;
	Linux-aarch64) echo $SCIP_WHEEL_SHA256_aarch64 ;;
	esac
}
scip_lib_is_ready() { [ "$(cat vendor/scip/lib/.made-from 2>/dev/null)" = "$(scip_wheel_sha256)" ]; }
scip_bind_is_ready() { [ "$(cat vendor/scip/bind/.made-from 2>/dev/null)" = "scip-sys $SCIP_SYS $MACHINE" ]; }
scip_is_ready() { scip_lib_is_ready && scip_bind_is_ready; }

# Debian's names for what is missing.
missing_packages() {
	has_compiler || echo build-essential
	if wanted highs; then
		has_cmake || echo cmake
		has_libclang || echo clang libclang-dev
	fi
	if wanted cbc && ! has_cbc; then
		echo pkg-config coinor-libcbc-dev coinor-libclp-dev coinor-libcgl-dev coinor-libosi-dev coinor-libcoinutils-dev
	fi
	if wanted scip && [ -n "$(scip_wheel_sha256)" ] && ! scip_is_ready; then
		has_pip || has_venv || echo python3 python3-pip
	fi
}

# All of them at once, given as one list.
install_packages() {
	if [ "$(id -u)" -eq 0 ]; then
		as_root=
	elif have sudo && sudo -n true 2>/dev/null; then
		as_root="sudo -n"
	else
		return 1
	fi
	echo "Installing: $1"
	# The list falls into words here, as does "sudo -n"; `env`, because sudo drops the variable otherwise.
	# shellcheck disable=SC2086
	{
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update || true
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $1
	} </dev/null >vendor/apt.log 2>&1 || {
		tail -n 5 vendor/apt.log
		return 1
	}
}

mkdir -p vendor
packages=$(missing_packages | xargs)
if [ -n "$packages" ]; then
	if ! have apt-get; then
		echo "Missing here, by their Debian names: $packages"
	elif [ "${FARKAS_INSTALL:-yes}" = no ] || ! install_packages "$packages"; then
		echo "Could not install what is missing. As root: apt-get install $packages"
	fi
fi

# --- SCIP ------------------------------------------------------------------------------------------------------------

# Each step below sets `why` and `remedy` and fails, or succeeds silently. Results are moved into place whole, so an
# interrupted set-up leaves nothing half made.
work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

scip_fits_this_machine() {
	remedy="build with the other solvers"
	why="its library is published for Linux on x86-64 and arm64, this is $SYSTEM on $MACHINE"
	[ -n "$(scip_wheel_sha256)" ] || return 1
	why="its library needs glibc 2.28 or later"
	glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | awk '{ print $2 }')
	[ -n "$glibc" ] && [ "$(printf '%s\n2.28\n' "$glibc" | sort -V | head -n 1)" = 2.28 ] || return 1
}

fetch_scip_lib() {
	why="python3 with pip is missing" remedy="install python3-pip and say \`make setup\` again"
	if has_pip; then
		python=python3
	elif has_venv && python3 -m venv "$work/venv"; then
		python=$work/venv/bin/python
	else
		return 1
	fi

	echo "Fetching SCIP (18 MB)"
	why="the download of pyscipopt $SCIP_WHEEL failed" remedy="look at vendor/pip.log and say \`make setup\` again"
	# Whatever python this machine has, the wheel is the one for CPython 3.11: only SCIP's library is taken from it.
	"$python" -m pip download --quiet --disable-pip-version-check --no-input --no-deps --only-binary=:all: \
		--python-version 3.11 --implementation cp --abi cp311 --platform "manylinux_2_28_$MACHINE" \
		--dest "$work" "pyscipopt==$SCIP_WHEEL" </dev/null >vendor/pip.log 2>&1 || return 1
	wheel=$(echo "$work"/pyscipopt-*.whl)

	found=$(sha256sum "$wheel" | cut -d' ' -f1)
	why="the wheel's SHA-256 is $found, not the pinned one" remedy="find out who changed it before using it"
	[ "$found" = "$(scip_wheel_sha256)" ] || return 1

	why="the wheel could not be unpacked" remedy="is the disk full?"
	"$python" -m zipfile -e "$wheel" "$work/wheel" || return 1
	mv "$work/wheel/pyscipopt.libs" "$work/lib" || return 1
	cp "$work"/wheel/pyscipopt-*.dist-info/licenses/LICENSE "$work/lib/LICENSE.pyscipopt" || return 1
	# The linker looks for libscip.so; what it writes into a program is the library's own name, libscip-<hash>.so.10.0.
	(cd "$work/lib" && ln -s libscip-*.so.* libscip.so) || return 1
	scip_wheel_sha256 >"$work/lib/.made-from"
	rm -rf vendor/scip/lib && mv "$work/lib" vendor/scip/lib
}

# scip-sys ships the bindings that its authors generated for SCIP 10; taking them spares libclang and SCIP's headers.
copy_scip_bindings() {
	mkdir -p "$work/probe/src" && : >"$work/probe/src/lib.rs"
	cat >"$work/probe/Cargo.toml" <<-TOML
		[workspace]
		[package]
		name = "probe"
		version = "0.0.0"
		edition = "2021"
		[dependencies]
		scip-sys = { version = "=$SCIP_SYS", default-features = false }
	TOML
	why="cargo could not fetch scip-sys $SCIP_SYS" remedy="look at vendor/scip-sys.log and say \`make setup\` again"
	cargo metadata --format-version 1 --manifest-path "$work/probe/Cargo.toml" --filter-platform "$target" \
		>"$work/probe.json" 2>vendor/scip-sys.log || return 1
	source=$(tr ',' '\n' <"$work/probe.json" |
		sed -n 's|^"manifest_path":"\(.*/scip-sys-[^/]*\)/Cargo.toml"$|\1|p' | head -n 1)
	case $MACHINE in
	aarch64) bindings=$source/src/bindings/linux-arm.rs ;;
	*) bindings=$source/src/bindings/linux.rs ;;
	esac
	why="scip-sys $SCIP_SYS has no $bindings" remedy="compare scripts/set-up.sh with that version's build script"
	mkdir "$work/bind" && cp "$bindings" "$work/bind/bindings.rs" 2>/dev/null || return 1
	echo "scip-sys $SCIP_SYS $MACHINE" >"$work/bind/.made-from"
	rm -rf vendor/scip/bind && mv "$work/bind" vendor/scip/bind
}

# Cargo's documented override: it stands for the build script of the crate with `links = "scip"`, which would look for
# an installed SCIP or download one. The paths must be absolute, so a checkout that has moved gets a new file.
write_cargo_config() {
	wish=$(
		cat <<-TOML
			$OURS
			[target.$target.scip]
			rustc-link-lib = ["dylib=scip"]
			rustc-link-search = ["native=$PWD/vendor/scip/lib"]
			rustc-env = { OUT_DIR = "$PWD/vendor/scip/bind" }
		TOML
	)
	[ "$(cat .cargo/config.toml 2>/dev/null)" != "$wish" ] || return 0
	why=".cargo/config.toml is there and was not written by this script"
	remedy="move what it says to \$CARGO_HOME/config.toml and say \`make setup\` again"
	[ ! -e .cargo/config.toml ] || [ "$(head -n 1 .cargo/config.toml)" = "$OURS" ] || return 1
	mkdir -p .cargo && printf '%s\n' "$wish" >.cargo/config.toml
}

set_up_scip() {
	scip_fits_this_machine || return 1
	if ! scip_is_ready; then
		mkdir -p vendor/scip && work=$(mktemp -d vendor/scip/making.XXXXXX) || return 1
		work=$PWD/$work
		scip_lib_is_ready || fetch_scip_lib || return 1
		scip_bind_is_ready || copy_scip_bindings || return 1
	fi
	write_cargo_config
}

# --- Which solvers there will be -------------------------------------------------------------------------------------

target=$(rustc -vV | sed -n 's/^host: //p')
features=
add() { features=${features:+$features,}$1; }

if ! has_compiler; then
	for solver in $SOLVERS; do
		left_out "$solver" "a C and C++ compiler is missing" "install build-essential and say \`make setup\` again"
	done
	SOLVERS=
fi

if wanted highs; then
	if ! has_cmake; then
		left_out highs "cmake is missing" "install cmake and say \`make setup\` again"
	elif ! has_libclang; then
		left_out highs "libclang is missing" "install libclang-dev (or set LIBCLANG_PATH) and say \`make setup\` again"
	else
		add highs
	fi
fi

if wanted scip; then
	if set_up_scip; then
		add scip
	else
		left_out scip "$why" "$remedy"
	fi
fi

if wanted cbc; then
	if has_cbc; then
		add cbc
	else
		left_out cbc "its headers or libraries are missing (pkg-config cbc)" \
			"install pkg-config, coinor-libcbc-dev and coinor-libclp-dev and say \`make setup\` again"
	fi
fi

printf '%s\n' "$features" >vendor/features
echo "Solvers to be built: ${features:-none}"
