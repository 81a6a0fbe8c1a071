#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing on Debian 12: setup.sh build | test | ci. Silent when nothing is.
set -eu
cd "$(dirname "$0")/.."

what=${1:-build}
build="gcc make clang llvm bpftool pkg-config gzip libbpf-dev libelf-dev zlib1g-dev
  libwebsockets-dev libwebsockets-evlib-ev libjansson-dev libjwt-dev libssl-dev libyaml-dev
  libev-dev libseccomp-dev libcap-dev"
test="ca-certificates python3 liburing-dev chromium fonts-dejavu-core"
ci="clang-format clang-tidy shellcheck codespell libclang-rt-14-dev
  prometheus"

case $what in
build) wanted=$build ;;
test) wanted="$build $test" ;;
ci) wanted="$build $test $ci" ;;
*)
	echo "setup.sh: build, test or ci, not $what" >&2
	exit 2
	;;
esac

# Those of its arguments that are not installed.
missing_of() {
	{
		dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true
		printf 'wanted %s\n' "$@"
	} | awk '$1 == "installed" { have[$2] = 1 } $1 == "wanted" && !have[$2] { print $2 }'
}

# Node may have come another way than by Debian's packages.
missing() {
	# shellcheck disable=SC2086 # a list of words
	missing_of $wanted
	if [ "$what" != build ]; then
		command -v node >/dev/null || echo nodejs
		command -v npm >/dev/null || echo npm
	fi
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_packages() {
	echo "Installing:" "$@"
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Exits 1 only when it cannot be built without: tests that lack something are skipped.
ask_for_root() {
	echo "setup.sh: needs root: apt-get install --no-install-recommends $*" >&2
	# shellcheck disable=SC2086 # a list of words
	[ -z "$(missing_of $build)" ] || exit 1
}

if ! command -v dpkg-query >/dev/null; then
	echo "setup.sh: not a Debian system: what to install stands in scripts/setup.sh" >&2
	exit 0
fi
packages=$(missing | tr '\n' ' ')
packages=${packages% }
if [ -z "$packages" ]; then
	:
elif [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then
	# shellcheck disable=SC2086 # a list of words
	install_packages $packages
else
	ask_for_root "$packages"
fi

# A copy of the lock file says what is installed.
[ "$what" != build ] && command -v npm >/dev/null || exit 0
cd tests/e2e
if ! cmp -s package-lock.json node_modules/.installed; then
	echo "Installing: npm packages of tests/e2e"
	if npm ci --loglevel=error --no-audit --no-fund >/dev/null; then
		cp package-lock.json node_modules/.installed
	else
		echo "setup.sh: npm ci failed in tests/e2e: the end-to-end tests are skipped" >&2
		[ "$what" != ci ] || exit 1
	fi
fi
