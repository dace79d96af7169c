"""Headless Chromium for the tests of pages: a profile of its own, no network, every message kept."""
import base64
import json
import os
import shutil
import sys
import tempfile

SKIPPED = 77  # CTest's
NEEDED = "chromium, chromium-driver and python3-selenium"

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = None


def program(*names):
    return next((p for p in map(shutil.which, names) if p), None)


def want_browser():
    """Ends the process as a skipped test where there is no browser."""
    if webdriver and program("chromium", "google-chrome") and program("chromedriver"):
        return
    print(f"skipped: pages are not tested, because {NEEDED} are not all here (./dev setup installs them from Debian's packages)")
    sys.exit(SKIPPED)


class Browser:
    def __init__(self, width=1100, height=900, dark=False, scripts=True):
        self.profile = tempfile.mkdtemp(prefix="rwk-browser-")
        options = Options()
        options.binary_location = program("chromium", "google-chrome")
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
                     "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
                     f"--user-data-dir={self.profile}", f"--window-size={width},{height}"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # an address sanitizer's settings are for our program, not for the browser
        environment = {k: v for k, v in os.environ.items() if k not in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_PRELOAD")}
        self.driver = webdriver.Chrome(service=Service(program("chromedriver"), env=environment), options=options)
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.scheme("dark" if dark else "light")
        if not scripts:
            self.cdp("Emulation.setScriptExecutionDisabled", value=True)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def scheme(self, name):
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name},
                                                           {"name": "prefers-reduced-motion", "value": "reduce"}])

    def open(self, file):
        self.driver.get("file://" + file)

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def point_at(self, x, y):
        """Moves the mouse to a place of the page that is in sight (client coordinates)."""
        self.cdp("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def wheel(self, x, y, by, ctrl=False):
        self.cdp("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by, modifiers=2 if ctrl else 0)

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def messages(self):
        return [m["message"] for m in self.driver.get_log("browser")]

    def requests(self):
        """Addresses of everything that a page of ours asked for, or connected to, since the last call; the browser's own pages ask
        for parts of theirs."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent" and not message["params"]["documentURL"].startswith("chrome"):
                found.append(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                found.append(message["params"]["url"])
        return found

    def pdf(self):
        return base64.b64decode(self.cdp("Page.printToPDF", preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.69)["data"])

    def picture(self, file):
        """The whole page as it is seen, for eyes: not compared with anything."""
        height = self.js("return document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": self.js("return innerWidth"), "height": min(height, 16000), "scale": 1}
        with open(file, "wb") as f:
            f.write(base64.b64decode(self.cdp("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]))
