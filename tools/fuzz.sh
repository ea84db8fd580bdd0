#!/usr/bin/env bash
# fuzz.sh [SECONDS]: builds the fuzzers, which share the build of asan, and runs each for an equal
# share of the time, from its seeds and the corpus of earlier runs. Findings are stored in
# build/fuzz/findings. The last lines name the fuzzers that failed and count all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds="${1:-60}"
tools/build.sh asan fuzzers </dev/null

bin="build/asan/bin"
mkdir -p build/fuzz/findings
mapfile -t fuzzers < <(find "$bin" -name '*_fuzzer' | sort)
if ((${#fuzzers[@]} == 0)); then
  echo "FAILED fuzz: there is no fuzzer in $bin"
  echo "fuzz: 0 passed, 1 failed"
  exit 1
fi
share=$((seconds / ${#fuzzers[@]}))
((share > 0)) || share=1

passed=0
failed=()
for fuzzer in "${fuzzers[@]}"; do
  name="$(basename "$fuzzer")"
  corpus="build/fuzz/corpus/$name"
  mkdir -p "$corpus"
  "$bin/fuzzer_seeds" "${name%_fuzzer}" "$corpus"
  log="build/fuzz/$name.log"
  if "$fuzzer" -max_total_time="$share" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/findings/$name-" "$corpus" </dev/null >"$log" 2>&1; then
    passed=$((passed + 1))
    inputs="$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    echo "$name: $inputs inputs in $share s, nothing found"
  else
    failed+=("FAILED fuzz: $name (see $log)")
    tail -60 "$log"
  fi
done
((${#failed[@]} == 0)) || printf '%s\n' "${failed[@]}"
echo "fuzz: $passed passed, ${#failed[@]} failed"
((${#failed[@]} == 0))
