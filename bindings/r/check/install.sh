#!/usr/bin/env bash
# install.sh BUILD LIBRARY: installs the package over the library of the build folder BUILD into LIBRARY, from a copy, so that
# the tree stays clean and builds do not share objects.
set -euo pipefail
package=$(cd "$(dirname "$0")/.." && pwd)
build=$1 library=$2
rm -rf "$library-source"
mkdir -p "$library"
cp -R "$package" "$library-source"
rm -f "$library-source"/src/{*.o,*.so,Makevars,program}
RIDGEWALK_BUILD=$build R CMD INSTALL --no-test-load --no-docs --library="$library" "$library-source"
