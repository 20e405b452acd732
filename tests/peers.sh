#!/bin/sh
# Installs the programs that tests talk to, when this machine lets us: Debian with root or password-less sudo.
# Without them the tests that need one are skipped by name.
set -u
missing=""
for pair in Orthanc:orthanc Orthanc:orthanc-dicomweb dcmdump:dcmtk dciodvfy:dicom3tools chromium:chromium \
            psql:postgresql nginx:nginx curl:curl; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${pair%%:*}" ] || missing="$missing ${pair#*:}"
done
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null 2>&1 || { echo "not installed (no apt):$missing"; exit 0; }
if [ "$(id -u)" = 0 ]; then sudo=""
elif sudo -n true 2>/dev/null; then sudo="sudo"
else echo "not installed (needs root):$missing"; exit 0; fi
echo "installing test peers:$missing"
export DEBIAN_FRONTEND=noninteractive
{ $sudo apt-get update && $sudo apt-get install -y --no-install-recommends $missing; } >/tmp/gateway-peers.log 2>&1 ||
    echo "some peers could not be installed; see /tmp/gateway-peers.log"
