#!/bin/sh
# Unpack a program into .venv/<package> for the tests, where it is not installed and there is apt. Installed properly it would start to serve.
# usage: unpack.sh <package>
# The tests behind it are skipped where it cannot be had, so this never fails.
set -u
cd "$(dirname "$0")/.."

package="$1"
folder="$PWD/.venv/$package"
command -v "$package" >/dev/null && exit 0
[ -x "$folder/usr/sbin/$package" ] && exit 0
command -v apt-get >/dev/null && command -v dpkg >/dev/null || exit 0

packages() { LC_ALL=C apt-get --simulate --no-install-recommends install "$package" 2>/dev/null | sed -n 's/^Inst \([^ ]*\) .*/\1/p'; }
[ -n "$(packages)" ] || [ "$(id -u)" != 0 ] || apt-get update -qq
wanted=$(packages)
[ -n "$wanted" ] || exit 0

echo "Unpacking $wanted / 正在解包 $wanted"
# Renamed when whole, so that a break in the middle leaves nothing that looks ready.
making="$folder.new"
rm -rf "$making" && mkdir -p "$making" && chmod 755 "$making" && cd "$making" || exit 0
# shellcheck disable=SC2086 -- a list of names
apt-get -qq -o APT::Sandbox::User=root download $wanted || exit 0
for archive in *.deb; do dpkg --extract "$archive" . || exit 0; done
rm -f ./*.deb
rm -rf "$folder" && mv "$making" "$folder"
exit 0
