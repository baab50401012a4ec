"""Chromium without a window, started once a test process. What is done in it is in `person`."""

from __future__ import annotations

import os
import shutil

from selenium import webdriver

HOW_TO_GET = (
    "Chromium and ChromeDriver are not on PATH. On Debian and Ubuntu: apt-get install chromium "
    "chromium-driver; `sh tests/chromium.sh` does it where it may, and names other systems."
)
FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--lang=vi",
)


class NoBrowser(RuntimeError):
    """The system has no Chromium; the message says how to get it."""


def start() -> webdriver.Chrome:
    """A new browser. Raises NoBrowser."""
    binary = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        raise NoBrowser(HOW_TO_GET)
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in FLAGS:
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # the sandbox refuses to run as root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))


def set_screen(driver: webdriver.Chrome, width: int, height: int = 0, scale: float = 1) -> None:
    """The size of the page in CSS pixels; below 600 it is a phone."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {
            "width": width,
            "height": height or (844 if width < 600 else 900),
            "deviceScaleFactor": scale,
            "mobile": width < 600,
        },
    )


def set_system_theme(driver: webdriver.Chrome, theme: str) -> None:
    """What the system prefers: 'light' or 'dark'."""
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {
            "features": [
                {"name": "prefers-color-scheme", "value": theme},
                # Nothing fades: what is measured or clicked is what will stay.
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ]
        },
    )


def forget(driver: webdriver.Chrome) -> None:
    """A browser as new: no cookie, nothing stored, the usual desk, an empty console."""
    used = driver.current_window_handle
    origin = "/".join(driver.current_url.split("/")[:3])
    what = {"origin": origin, "storageTypes": "all"}
    if origin.startswith("http"):
        driver.execute_cdp_cmd("Storage.clearDataForOrigin", what)
    driver.switch_to.new_window("tab")  # what a window keeps for its session goes with it
    new = driver.current_window_handle
    driver.switch_to.window(used)
    driver.close()
    driver.switch_to.window(new)
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    set_screen(driver, 1440)
    set_system_theme(driver, "light")
    driver.get_log("browser")
