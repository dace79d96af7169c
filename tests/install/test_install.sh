#!/usr/bin/env bash
# test_install.sh BUILD_DIR CC: does an installed ridgewalk serve a second project?
set -euo pipefail
build=$1 cc=$2
here=$(cd "$(dirname "$0")" && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

cmake --install "$build" --prefix "$stage/first" >"$stage/install.log"
mv "$stage/first" "$stage/prefix" # an installed tree may be moved
prefix=$stage/prefix

echo "== find_package"
cmake -G Ninja -S "$here/consumer" -B "$stage/cmake" -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$prefix" >"$stage/configure.log" || {
  cat "$stage/configure.log"
  exit 1
}
cmake --build "$stage/cmake"
"$stage/cmake/with_ridgewalk"
"$stage/cmake/with_ridgewalk_static"

echo "== pkg-config"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name ridgewalk.pc)")
export PKG_CONFIG_PATH
libdir=$(pkg-config --variable=libdir ridgewalk)
read -ra flags <<<"$(pkg-config --cflags --libs ridgewalk)"
"$cc" -std=c11 -Wall -Wextra -Werror "$here/consumer/main.c" "${flags[@]}" -Wl,-rpath,"$libdir" -o "$stage/shared"
"$stage/shared"
read -ra flags <<<"$(pkg-config --static --cflags --libs ridgewalk)"
rm "$libdir"/libridgewalk.so*
"$cc" -std=c11 -Wall -Wextra -Werror "$here/consumer/main.c" "${flags[@]}" -o "$stage/static"
"$stage/static"

if [[ -x $build/ridgewalk ]]; then
  echo "== the installed program"
  "$prefix/bin/ridgewalk" --version
  for page in ridgewalk ridgewalk-path ridgewalk-cv; do
    test -s "$(find "$prefix" -path "*/man1/$page.1")"
  done
fi
