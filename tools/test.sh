#!/usr/bin/env bash
# test.sh: all of CI, in stages; a failed stage does not stop the later ones. The last lines count
# what passed and name what failed, so that the end of the output is enough to know.
# test.sh PRESET [CTEST ARGUMENT...]: the tests of one preset.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if (($# > 0)); then
  exec tools/suite.sh "$@"
fi

mkdir -p build
log="build/stage.log"
summary=()
names=()
passed=0
failed=0
skipped=0

# Each stage names what failed in lines "FAILED WHERE: NAME", and ends with a line "...: N passed, M
# failed[, K skipped]"; one that dies before it has failed once.
stage() {
  local start=$SECONDS
  echo "=== $*"
  "$@" </dev/null 2>&1 | tee "$log" || true
  local line
  line="$(grep -E '^[a-z ]+: [0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" |
    tail -1)" || true
  local failures
  mapfile -t failures < <(grep -E '^FAILED [a-z-]+: ' "$log")
  if [[ -z "$line" || "$(tail -1 "$log")" != "$line" ]]; then
    line="$*: 0 passed, 1 failed"
    failures+=("FAILED $*: it ended without a result")
  fi
  names+=("${failures[@]}")
  [[ "$line" =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)? ]]
  passed=$((passed + BASH_REMATCH[1]))
  failed=$((failed + BASH_REMATCH[2]))
  skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
  summary+=("$line ($((SECONDS - start)) s)")
}

stage tools/check.sh
stage tools/suite.sh release
stage tools/suite.sh asan
stage tools/suite.sh tsan
stage tools/fuzz.sh 60

echo "=== summary"
printf '%s\n' "${summary[@]}" "${names[@]}"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
