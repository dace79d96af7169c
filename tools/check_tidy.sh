#!/usr/bin/env bash
# check_tidy.sh BUILD_DIR [FILE...]: clang-tidy over the sources of the library, the program and the Python extension, as .clang-tidy says.
# One file a run: version 14 has false alarms about va_list in the second file of a run.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shift
if (($#)); then files=("$@"); else mapfile -t files < <(find src bindings -name '*.c' | sort); fi
printf '%s\0' "${files[@]}" |
  xargs -0 -n 1 -P "${JOBS:-$(nproc)}" clang-tidy -p "$build" --quiet --warnings-as-errors='*' 2> >(grep -v 'warnings generated' >&2)
