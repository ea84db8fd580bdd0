#!/usr/bin/env bash
# Builds Debian's RocksDB from source, once: optimized, and without the assertions of Debian's package
# (docs/decisions/0019-rocksdb-from-source.md).
#
# rocksdb_source.sh          builds it unless it is already built (about 12 minutes on two cores)
# rocksdb_source.sh --path   prints the directory of the build
#
# Needs the packages of tools/setup.sh. Does not change the machine's package sources: the source is
# fetched with package lists in a separate directory.
set -euo pipefail

version="7.8.3-2"
home="${XDG_CACHE_HOME:-$HOME/.cache}/smile/rocksdb-$version"
if [[ "${1:-}" == --path ]]; then
  echo "$home"
  exit 0
fi
[[ -f "$home/complete" ]] && exit 0

fail() {
  echo "rocksdb_source: $1" >&2
  [[ -z "${2:-}" ]] || tail -20 "$2" >&2
  exit 1
}

# The deb lines of this machine as deb-src lines, in both of apt's forms.
source_entries() {
  local file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ ! -f "$file" ]] || sed -n 's/^deb /deb-src /p' "$file"
  done >"$1/debian.list"
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -f "$file" ]] || continue
    sed 's/^Types:.*/Types: deb-src/' "$file"
    echo
  done >"$1/debian.sources"
}

fetch_source() {
  local apt="$home/apt" options
  rm -rf "$apt" "$home/source"
  mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial"
  source_entries "$apt/sources"
  options=(-qq -o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$apt/sources"
    -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o "APT::Sandbox::User=$(id -un)")
  echo "rocksdb_source: fetching the source of rocksdb $version"
  # Ignores entries without sources, such as a vendor's.
  apt-get "${options[@]}" update </dev/null >"$home/fetch.log" 2>&1 || true
  (cd "$apt" && apt-get "${options[@]}" source "rocksdb=$version" </dev/null) \
    >>"$home/fetch.log" 2>&1 ||
    fail "apt-get source failed; $home/fetch.log ends with:" "$home/fetch.log"
  mv "$apt/rocksdb-${version%-*}" "$home/source"
  rm -rf "$apt"
}

# Debian's configuration, but optimized, without assertions, static, and with the processor's CRC
# instructions in the one file that checks for them at run time.
configure() {
  cat >"$home/fast_crc.cmake" <<'EOF'
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  set_source_files_properties(util/crc32c.cc PROPERTIES
    COMPILE_OPTIONS "-msse4.2;-mpclmul" COMPILE_DEFINITIONS "HAVE_SSE42;HAVE_PCLMUL")
endif()
EOF
  cmake -S "$home/source" -B "$home/build" -G Ninja \
    -DCMAKE_INSTALL_PREFIX="$home" -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG" \
    -DCMAKE_PROJECT_rocksdb_INCLUDE="$home/fast_crc.cmake" \
    -DPORTABLE=ON -DUSE_RTTI=ON -DROCKSDB_BUILD_SHARED=OFF -DFAIL_ON_WARNINGS=OFF \
    -DWITH_BZ2=ON -DWITH_LZ4=ON -DWITH_SNAPPY=ON -DWITH_ZLIB=ON -DWITH_ZSTD=ON \
    -DWITH_GFLAGS=OFF -DWITH_LIBURING=OFF -DWITH_TESTS=OFF -DWITH_TOOLS=OFF \
    -DWITH_CORE_TOOLS=OFF -DWITH_BENCHMARK_TOOLS=OFF -DWITH_TRACE_TOOLS=OFF \
    >"$home/configure.log" 2>&1 ||
    fail "cmake failed; $home/configure.log ends with:" "$home/configure.log"
}

mkdir -p "$home"
exec 9>"$home/lock"
flock 9 # shared by all checkouts
[[ -f "$home/complete" ]] && exit 0

[[ -d "$home/source" ]] || fetch_source
configure
echo "rocksdb_source: compiling rocksdb $version into $home, once (about 12 minutes on two cores)"
# Resumes an interrupted build. Shows progress on a terminal.
if [[ -t 1 ]]; then
  ninja -C "$home/build" install || fail "compilation failed; see above"
else
  ninja -C "$home/build" install >"$home/compile.log" 2>&1 ||
    fail "compilation failed; $home/compile.log ends with:" "$home/compile.log"
fi
touch "$home/complete"
rm -rf "$home/build"
echo "rocksdb_source: done"
