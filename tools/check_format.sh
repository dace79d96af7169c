#!/usr/bin/env bash
# check_format.sh [--fix]: clang-format agrees with every C file, or makes it so.
set -euo pipefail
cd "$(dirname "$0")/.."
how=(--dry-run -Werror)
[[ ${1:-} != --fix ]] || how=(-i)
find . \( -path ./build -o -path ./tests/reference \) -prune -o -name '*.[ch]' -print0 | xargs -0 clang-format "${how[@]}"
