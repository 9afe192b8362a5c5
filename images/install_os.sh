#!/bin/sh
# Python by the distribution's own means: install_os.sh debian|clearlinux|none build|run [APT_MIRROR]
# `build` may install packages; `run` has what TensorFlow needs. `none`: the base image has it all already.
set -eu
case "$1-$2" in
  debian-build) packages="python3 python3-venv ca-certificates" ;;
  debian-run) packages="python3 libstdc++6" ;;
  clearlinux-*)
    swupd bundle-add --no-boot-update python3-basic
    exit ;;
  none-*) exit ;;
  *) echo "install_os.sh: OS is debian, clearlinux or none, not $1" >&2; exit 2 ;;
esac
export DEBIAN_FRONTEND=noninteractive
if [ -n "${3:-}" ]; then
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
    [ ! -f "$file" ] || sed -i "s|http://deb.debian.org|$3|g" "$file"
  done
fi
apt-get -qq update
# Unquoted: a list of packages.
apt-get -qq install --yes --no-install-recommends $packages >/dev/null
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log /usr/share/doc/*
