#!/bin/sh
# See to it that the tests find a headless Chromium and a Chinese font; install them where apt and root allow it.
set -eu

browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh)" ]; }

missing=""
browser >/dev/null || missing="chromium"
font || missing="$missing fontconfig fonts-noto-cjk"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing $missing / 正在安装 $missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086 -- a list of names
  apt-get install -y -qq --no-install-recommends $missing >/dev/null
  exit 0
fi
echo "The tests need Chromium and a Chinese font: ask an administrator to install $missing." >&2
echo "测试需要 Chromium 和中文字体：请管理员安装 $missing。" >&2
exit 1
