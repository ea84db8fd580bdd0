#!/usr/bin/env bash
# format.sh: formats all C++ sources. format.sh --check: reports those that are not formatted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mapfile -t files < <(find . \( -path ./build -o -path ./.git \) -prune -o \
  \( -name '*.h' -o -name '*.cc' \) -print | sort)
if [[ "${1:-}" == --check ]]; then
  # --dry-run alone would not fail.
  exec clang-format --dry-run -Werror "${files[@]}"
fi
exec clang-format -i "${files[@]}"
