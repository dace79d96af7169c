#!/usr/bin/env bash
# coverage.sh BUILD_DIR: lines and branches run by the tests, a row per floor. Needs gcovr.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
report=$build/coverage.json
gcovr --root . --filter 'src/' --filter "$build/floors/" --object-directory "$build" --exclude-throw-branches --json-summary "$report" "$build" >/dev/null
python3 - "$report" <<'EOF'
import collections, json, sys

floors = collections.defaultdict(lambda: [0, 0, 0, 0])
for file in json.load(open(sys.argv[1]))["files"]:
    floor = file["filename"].split("/")[-2]  # src/FLOOR/x.c, or a header by way of build/coverage/floors/
    for name in (floor, "all"):
        floors[name][0] += file["line_covered"]
        floors[name][1] += file["line_total"]
        floors[name][2] += file["branch_covered"]
        floors[name][3] += file["branch_total"]
print(f"{'floor':10} {'lines':>7} {'run':>7} {'share':>7} {'branches':>9} {'taken':>7} {'share':>7}")
for name, (run, lines, taken, branches) in sorted(floors.items(), key=lambda item: (item[0] == "all", item[0])):
    print(f"{name:10} {lines:7} {run:7} {run / max(lines, 1):7.1%} {branches:9} {taken:7} {taken / max(branches, 1):7.1%}")
EOF
