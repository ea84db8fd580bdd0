#!/usr/bin/env bash
# suite.sh PRESET [CTEST ARGUMENT...]: builds one preset and runs its tests. The last lines name each
# test that failed, as "FAILED PRESET: TEST (how)", and count all; a test that is skipped, as its data
# set is missing, has neither passed nor failed. tsan without arguments omits the tests labelled "slow".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset="$1"
shift
tools/build.sh "$preset" </dev/null

if [[ "$preset" == tsan && $# == 0 ]]; then
  set -- --label-exclude slow
fi
# Newer kernels may place a library where GCC 12's sanitizers need their shadow memory.
launcher=()
if [[ "$preset" == *san ]] && setarch -R true 2>/dev/null; then
  launcher=(setarch -R)
fi
log="build/$preset/suite.log"
status=0
"${launcher[@]}" ctest --test-dir "build/$preset" --parallel 3 --output-on-failure \
  --no-tests=error "$@" </dev/null 2>&1 | tee "$log" || status=$?

counts="$(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests failed out of ([0-9]+)$/\1 \2/p' "$log" |
  tail -1)"
read -r failed total <<<"${counts:-1 1}"
if ((status != 0 && failed == 0)); then
  failed=1
fi
skipped="$(grep -c '^[[:space:]]*[0-9]* - .* (Skipped)$' "$log")" || true
# ctest lists them at its end; only there, as the output of a failed test may contain such lines.
awk -v preset="$preset" '
  /^The following tests FAILED:$/ { names = ""; listing = 1; next }
  listing && sub(/^[[:space:]]*[0-9]+ - /, "") { names = names "FAILED " preset ": " $0 "\n"; next }
  { listing = 0 }
  END { printf "%s", names }' "$log"
echo "suite $preset: $((total - failed - skipped)) passed, $failed failed, $skipped skipped"
((failed == 0))
