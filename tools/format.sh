#!/usr/bin/env bash
# format.sh: puts all C++ sources into the project's format. format.sh --check: says which are not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mapfile -t files < <(find base model protocol net storage client server bench tests \
  \( -name '*.h' -o -name '*.cc' \) | sort)
if [[ "${1:-}" == --check ]]; then
  # --dry-run alone would not fail.
  exec clang-format --dry-run -Werror "${files[@]}"
fi
exec clang-format -i "${files[@]}"
