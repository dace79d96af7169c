#!/usr/bin/env bash
# check.sh BUILD: R CMD build and R CMD check, without a network, over the library of the build folder BUILD. Fails unless the
# check has no error, no warning and no note.
set -euo pipefail
package=$(cd "$(dirname "$0")/.." && pwd)
RIDGEWALK_BUILD=$(cd "$1" && pwd)
export RIDGEWALK_BUILD
folder=$RIDGEWALK_BUILD/r-check
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
export _R_CHECK_SYSTEM_CLOCK_=0 # asks the network for the time
export _R_CHECK_FORCE_SUGGESTS_=false OMP_THREAD_LIMIT=2
manual=()
command -v pdflatex >/dev/null || manual=(--no-manual)
R CMD build "$package"
R CMD check "${manual[@]}" ridgewalk_*.tar.gz
! grep -qE '^Status:.*(ERROR|WARNING|NOTE)' ridgewalk.Rcheck/00check.log
