#!/usr/bin/env bash
# fuzz.sh BUILD_DIR SECONDS [TARGET...]: each libFuzzer program for so long, two at a time; then a row for each: executions, code reached
# (edges of the control-flow graph, of those in the program), inputs, findings. What it learns stays in BUILD_DIR/corpus for the next
# time. Exit 1 if there is a finding.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 seconds=$2
shift 2
targets=("$@")
if ((${#targets[@]} == 0)); then
  for program in "$build"/tests/fuzz_*; do [[ -f $program && -x $program ]] && targets+=("${program##*/fuzz_}"); done
fi
rm -rf "$build/findings"
mkdir -p "$build/findings"

dictionary() {
  case $1 in
    weights | recipe) echo json ;;
    *) echo "$1" ;;
  esac
}

fuzz_one() {
  local target=$1 words
  words=tests/fuzz/dictionaries/$(dictionary "$target").dict
  mkdir -p "$build/corpus/$target" "$build/findings/$target"
  local options=("-max_total_time=$seconds" -print_final_stats=1 -rss_limit_mb=4096 -timeout=30 -close_fd_mask=3
    "-artifact_prefix=$build/findings/$target/")
  [[ ! -f $words ]] || options+=("-dict=$words")
  "$build/tests/fuzz_$target" "${options[@]}" "$build/corpus/$target" "tests/fuzz/corpus/$target" \
    >"$build/findings/$target.log" 2>&1 || true
}

# The detector of leaks is a matter of luck where ptrace is forbidden; tests/faults counts blocks.
export ASAN_OPTIONS=detect_leaks=0:${ASAN_OPTIONS:-} OPENBLAS_NUM_THREADS=1
for target in "${targets[@]}"; do
  while (($(jobs -rp | wc -l) >= ${JOBS:-2})); do wait -n; done
  fuzz_one "$target" &
done
wait

printf '%-10s %12s %9s %16s %8s %9s\n' target executions per_second edges_reached inputs findings
all=0
for target in "${targets[@]}"; do
  log=$build/findings/$target.log
  executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  reached=$(grep -o 'cov: [0-9]*' "$log" | tail -1 || true)
  edges=$(grep -o '([0-9]* inline 8-bit counters)' "$log" | grep -o '[0-9][0-9]*' | sed -n 1p || true)
  found=$(find "$build/findings/$target" -type f | wc -l)
  [[ -n $executed ]] || found=$((found + 1)) # it did not run to its end
  all=$((all + found))
  printf '%-10s %12s %9s %16s %8s %9s\n' "$target" "${executed:-none}" "${speed:-0}" "${reached#cov: } of ${edges:-?}" \
    "$(find "$build/corpus/$target" -type f | wc -l)" "$found"
done
if ((all)); then
  echo "findings are in $build/findings; build/fuzz/tests/fuzz_TARGET FILE shows one again"
  exit 1
fi
