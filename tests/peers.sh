#!/bin/sh
# Installs the programs that tests talk to, when this machine lets us: Debian with root or password-less sudo.
# Without them the tests that need one are skipped by name (or fail, with GATEWAY_TEST_PEERS=required).
set -u
missing=""
lacks() { # lacks PACKAGE PATH...: notes the package when none of the paths exists
    package=$1
    shift
    for path in "$@"; do [ -e "$path" ] && return; done
    missing="$missing $package"
}
lacks orthanc /usr/sbin/Orthanc
lacks orthanc-dicomweb /usr/share/orthanc/plugins/libOrthancDicomWeb.so* /usr/lib/orthanc/libOrthancDicomWeb.so*
lacks dcmtk /usr/bin/dcmdump
lacks dicom3tools /usr/bin/dciodvfy
lacks chromium /usr/bin/chromium
lacks postgresql /usr/lib/postgresql/*/bin/initdb
lacks nginx /usr/sbin/nginx
lacks openssl /usr/bin/openssl
lacks curl /usr/bin/curl
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null 2>&1 || { echo "not installed (no apt):$missing"; exit 0; }
if [ "$(id -u)" = 0 ]; then sudo=""
elif sudo -n true 2>/dev/null; then sudo="sudo"
else echo "not installed (needs root):$missing"; exit 0; fi
echo "installing test peers:$missing"
log=$(mktemp)
# The tests start the programs themselves: runlevel 1 keeps the packages from starting services.
run="$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get"
# shellcheck disable=SC2086
{ $run update && $run install -y --no-install-recommends $missing; } >"$log" 2>&1 ||
    echo "some peers could not be installed; see $log"
