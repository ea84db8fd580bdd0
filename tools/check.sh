#!/usr/bin/env bash
# Static checks of the sources. The last lines name those that failed and count all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

passed=0
failed=()
check() {
  echo "== $1"
  if "${@:2}" </dev/null; then passed=$((passed + 1)); else failed+=("FAILED check: $1"); fi
}
check "format (repair: ./dev format)" tools/format.sh --check
check "project rules" tools/rules.py
check "headers compile alone" tools/compile_check.py headers
check "clang-tidy" tools/compile_check.py tidy
check "reference of libsmile" tools/reference.py
((${#failed[@]} == 0)) || printf '%s\n' "${failed[@]}"
echo "check: $passed passed, ${#failed[@]} failed"
((${#failed[@]} == 0))
