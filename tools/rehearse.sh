#!/usr/bin/env bash
# rehearse.sh [DEV COMMAND...]: runs `./dev COMMAND` (build) on a copy of this tree in an empty Debian 12, as a newcomer would.
#
# Needs root and debootstrap. MIRROR=URL names another mirror than Debian's, ROOT=DIR another place for the system (then it is kept).
set -euo pipefail
tree=$(cd "$(dirname "$0")/.." && pwd)
mirror=${MIRROR:-http://deb.debian.org/debian}
root=${ROOT:-$(mktemp -d /var/tmp/rehearse.XXXXXX)}
(($#)) || set -- build

leave() {
  umount "$root/proc" 2>/dev/null || true
  [[ -n ${ROOT:-} ]] || rm -rf --one-file-system "$root"
}
trap leave EXIT

[[ -x $root/bin/sh ]] || debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" "$mirror"
# This machine's way to the mirrors (proxy, keys, sources), should it have one of its own.
for file in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf; do
  [[ ! -e $file ]] || cp "$file" "$root$file"
done
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount -t proc proc "$root/proc"

rm -rf "$root/tree"
mkdir "$root/tree"
tar -C "$tree" --exclude=./build --exclude=./demo --exclude=./.git -cf - . | tar -C "$root/tree" -xf -
env -i HOME=/tmp PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb JOBS="${JOBS:-}" chroot "$root" /tree/dev "$@"
