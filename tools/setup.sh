#!/usr/bin/env bash
# Installs the Debian 12 packages that Smile is built, tested and checked with, if any is missing.
# --rocksdb=source: builds RocksDB too, if that was not done yet (tools/rocksdb_source.sh).
set -euo pipefail

rocksdb="package"
for argument in "$@"; do
  case "$argument" in
    --rocksdb=package | --rocksdb=source) rocksdb="${argument#*=}" ;;
    *)
      echo "setup: there is no option \"$argument\"; there is --rocksdb=package|source" >&2
      exit 2
      ;;
  esac
done

packages=(
  # compilers and tools
  build-essential ccache clang clang-format clang-tidy cmake lld ninja-build pkg-config python3
  libclang-rt-14-dev llvm python3-xxhash universal-ctags
  # libraries
  libbenchmark-dev libcli11-dev libcsv-dev libedit-dev libfmt-dev libgmock-dev libgtest-dev
  libhiredis-dev libjemalloc-dev liblz4-dev libmsgpack-cxx-dev librocksdb-dev
  libtomlplusplus-dev libuv1-dev libxxhash-dev libzstd-dev nlohmann-json3-dev
)

# Asks dpkg once; a package it does not know makes it fail, which is an answer too.
installed="$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null |
  sed -n 's/ installed$//p')" || true
missing=()
for package in "${packages[@]}"; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done

install_missing() {
  local as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "setup: these packages are missing, and installing them needs root or sudo:" \
        "${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  echo "setup: installing ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends "${missing[@]}" </dev/null
}
if ((${#missing[@]} > 0)); then install_missing; fi

if [[ "$rocksdb" == source ]]; then exec "$(dirname "${BASH_SOURCE[0]}")/rocksdb_source.sh"; fi
