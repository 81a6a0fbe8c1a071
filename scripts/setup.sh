#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing on Debian 12: setup.sh build | test | ci.
set -eu
cd "$(dirname "$0")/.."

build="gcc make clang llvm bpftool pkg-config gzip libbpf-dev libelf-dev zlib1g-dev
  libwebsockets-dev libwebsockets-evlib-ev libjansson-dev libjwt-dev libssl-dev libyaml-dev
  libev-dev libseccomp-dev libcap-dev ca-certificates"
test="python3 chromium fonts-dejavu-core"
ci="clang-format clang-tidy cppcheck shellcheck codespell libclang-rt-14-dev universal-ctags"

case "${1:-build}" in
build) wanted=$build ;;
test) wanted="$build $test" ;;
ci) wanted="$build $test $ci" ;;
*) echo "setup.sh: build, test or ci, not $1" >&2; exit 2 ;;
esac

missing_packages() {
	for package in $wanted; do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
		[ "$status" = installed ] || echo "$package"
	done
	# Node may have come another way than by Debian's package.
	if [ "${1:-build}" != build ]; then
		command -v node >/dev/null || echo nodejs
		command -v npm >/dev/null || echo npm
	fi
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_packages() {
	echo "Installing:" "$@"
	if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
		echo "setup.sh: needs root; as root: apt-get install --no-install-recommends $*" >&2
		return 1
	fi
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

if ! command -v dpkg-query >/dev/null; then
	echo "setup.sh: not a Debian system; install what README.md names by hand" >&2
	exit 0
fi
missing=$(missing_packages "${1:-build}")
if [ -n "$missing" ]; then
	# shellcheck disable=SC2086 # a list of words
	install_packages $missing
fi

if [ "${1:-build}" != build ] && [ -f tests/e2e/package-lock.json ] &&
	! cmp -s tests/e2e/package-lock.json tests/e2e/node_modules/.installed; then
	echo "Installing: npm packages of tests/e2e"
	cd tests/e2e
	npm ci --silent --no-audit --no-fund
	cp package-lock.json node_modules/.installed
fi
