#!/usr/bin/env bash
# Adam to the wrong end, AMSGrad to the right one.  studies/adam/adam.sh [SCALE]    (10 is the whole, half a second; 1 is small)
# Exit code 1 where one of them does not go the published way. Needs ./dev build.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${RWK_BUILD:-$root/build/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -std=c11 -O2 -I "$root/include" -o "$work/adam" "$root/studies/adam/adam.c" -L "$build" -lridgewalk -Wl,-rpath,"$build" -lm
"$work/adam" "${1:-10}"
