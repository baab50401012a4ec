#!/bin/sh
# Makes sure that the test of deploy/nginx finds nginx: what is on PATH, else Debian's package where we may install it.
# Elsewhere that one test is skipped and says so; only a CI run (CI is set) ends here.
set -eu

PATH="$PATH:/usr/sbin:/sbin"
if command -v nginx >/dev/null 2>&1; then
    exit 0
fi
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing nginx for the test of deploy/nginx…"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && apt-get install -q -y --no-install-recommends nginx-light; } >&2 || true
fi
command -v nginx >/dev/null 2>&1 || [ -z "${CI:-}" ]
