#!/usr/bin/env bash
# build.sh PRESET [TARGET...]: configures the preset if necessary, and builds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset="${1:-release}"
shift || true
case "$preset" in
  release | release-source | debug | asan | tsan) ;;
  *)
    echo "build: unknown preset \"$preset\"; use release, release-source, debug, asan or tsan" >&2
    exit 2
    ;;
esac

mkdir -p build
directory="build/$preset"
# Ninja reconfigures when a CMakeLists.txt changes, but not when the presets do.
if [[ ! -f "$directory/build.ninja" || CMakePresets.json -nt "$directory/build.ninja" ]]; then
  cmake --preset "$preset" >"$directory.configure.log" 2>&1 || {
    cat "$directory.configure.log" >&2
    exit 1
  }
fi
cmake --build "$directory" ${1:+--target "$@"}
