#!/usr/bin/env bash
# Installs missing Debian 12 packages that Smile is built, tested and checked with.
# --rocksdb=source: also builds RocksDB, once (tools/rocksdb_source.sh).
set -euo pipefail

rocksdb="package"
for argument in "$@"; do
  case "$argument" in
    --rocksdb=package | --rocksdb=source) rocksdb="${argument#*=}" ;;
    *)
      echo "setup: unknown option \"$argument\"; use --rocksdb=package or --rocksdb=source" >&2
      exit 2
      ;;
  esac
done

packages=(
  # compilers and tools
  build-essential ccache clang clang-format clang-tidy cmake doxygen lld ninja-build pkg-config python3
  libclang-rt-14-dev llvm python3-xxhash universal-ctags
  # libraries
  libargon2-dev libbenchmark-dev libcli11-dev libcrypt-dev libcsv-dev libedit-dev libfmt-dev libgmock-dev libgtest-dev
  libhiredis-dev libjemalloc-dev liblz4-dev libmariadb-dev libmsgpack-cxx-dev librocksdb-dev
  libssl-dev libtomlplusplus-dev libuv1-dev libxxhash-dev libzstd-dev nlohmann-json3-dev
)

# One call of dpkg; it fails for an unknown package, which is then missing.
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
      echo "setup: missing packages; install them as root, or install sudo:" \
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
