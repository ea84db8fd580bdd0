#!/usr/bin/env bash
# bench.sh: the micro-benchmarks, then smilebench against a new smiled on a free port, with its data in a
# fresh directory under build/. SECONDS_EACH (default 5) is the duration of each load.
# bench.sh peers [OPTION...]: compares smiled with other servers, and writes a report.
# bench.sh media [OPTION...]: likewise, with photos and videos.
# bench.sh linkbench [OPTION...]: likewise, with the nodes and links of LinkBench.
# bench.sh hubs [OPTION...]: requests about a user with a million links, and about users with ten.
# bench.sh hostile [OPTION...]: what hostile clients cost another client, and the process.
# bench.sh network [OPTION...]: a day of a social network: how many people a core serves.
#
# Uses RocksDB from source if ./dev setup --rocksdb=source was run, else Debian's package.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset="release"
if [[ -f "$(tools/rocksdb_source.sh --path)/complete" ]]; then preset="release-source"; fi
echo "bench: measuring build/$preset" >&2
if [[ "${1:-}" == peers ]]; then exec bench/peers/main.py --preset "$preset" "${@:2}"; fi
if [[ "${1:-}" == media ]]; then exec bench/media/media.py --preset "$preset" "${@:2}"; fi
if [[ "${1:-}" == linkbench ]]; then
  exec bench/linkbench/linkbench.py --preset "$preset" "${@:2}"
fi
if [[ "${1:-}" == hubs ]]; then exec bench/linkbench/hubs.py --preset "$preset" "${@:2}"; fi
if [[ "${1:-}" == hostile ]]; then exec bench/hostile/hostile.py --preset "$preset" "${@:2}"; fi
if [[ "${1:-}" == network ]]; then exec bench/network/network.py --preset "$preset" "${@:2}"; fi

tools/build.sh "$preset" smiled smilebench smile_microbench </dev/null
bin="build/$preset/bin"
"$bin/smile_microbench" --benchmark_min_time=0.1

directory="$(mktemp -d build/bench.XXXXXX)"
log="$directory/smiled.log"
"$bin/smiled" --listen 127.0.0.1:0 --data "$directory/data" </dev/null >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true; rm -rf "$directory"' EXIT

port=""
for _ in {1..100}; do
  port="$(sed -nE 's/.*listens on 127\.0\.0\.1:([0-9]+).*/\1/p' "$log" | head -1)"
  [[ -n "$port" ]] && break
  kill -0 "$server" || break
  sleep 0.1
done
if [[ -z "$port" ]]; then
  echo "bench: smiled did not start:" >&2
  cat "$log" >&2
  exit 1
fi

for workload in get put mixed scan; do
  for shape in "64 1" "16 32"; do
    read -r connections depth <<<"$shape"
    echo
    "$bin/smilebench" --target "smile://127.0.0.1:$port" --server-pid "$server" \
      --workload "$workload" --connections "$connections" --depth "$depth" \
      --seconds "${SECONDS_EACH:-5}"
  done
done
