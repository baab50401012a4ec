#!/bin/sh
# Makes sure that the browser tests find Chromium and ChromeDriver: what is on PATH, else Debian's packages where we
# may install them. Elsewhere it says how; only a CI run (CI is set) ends here, because there nobody would read it.
set -eu

have() {
    command -v "$1" >/dev/null 2>&1
}

ready() {
    { have chromium || have chromium-browser || have google-chrome; } && have chromedriver
}

if ready; then
    exit 0
fi
if have apt-get && [ "$(id -u)" = 0 ]; then
    echo "Installing chromium and chromium-driver for the browser tests…"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && apt-get install -q -y --no-install-recommends chromium chromium-driver; } >&2 || true
fi
if ready; then
    exit 0
fi
cat >&2 <<'HOW'
The browser tests (tests/e2e) need Chromium and ChromeDriver on PATH, and they are not there. They will fail.
  Debian, Ubuntu:  sudo apt-get install chromium chromium-driver
  Fedora:          sudo dnf install chromium chromedriver
  Arch:            sudo pacman -S chromium
  macOS:           brew install --cask chromium chromedriver
Without a browser, `make test-fast` runs everything that needs none.
HOW
[ -z "${CI:-}" ]
