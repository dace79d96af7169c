#!/usr/bin/env bash
# check_tidy.sh BUILD_DIR [FILE...]: clang-tidy over the sources of the library, the program, and the C code of the bindings, as .clang-tidy says.
# One file a run: version 14 has false alarms about va_list in the second file of a run.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shift
folders=(src bindings/python)
! grep -q bindings/r/src "$build/compile_commands.json" || folders+=(bindings/r) # it is not compiled where R is missing
if (($#)); then files=("$@"); else mapfile -t files < <(find "${folders[@]}" -name '*.c' | sort); fi
printf '%s\0' "${files[@]}" |
  xargs -0 -n 1 -P "${JOBS:-$(nproc)}" clang-tidy -p "$build" --quiet --warnings-as-errors='*' 2> >(grep -v 'warnings generated' >&2)
