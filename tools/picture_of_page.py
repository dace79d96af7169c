#!/usr/bin/env python3
"""picture_of_page.py PAGE.html OUT.png [TOP HEIGHT]: a part of a page of `ridgewalk report` as the documents show it.

With TOP the id of a section, from which the picture begins. docs/report.md says which commands made the pictures there.
"""
import base64
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests", "browser"))
from chrome import Browser, want_browser  # noqa: E402

WIDTH = 1000

want_browser()
page, out = sys.argv[1:3]
top, height = (sys.argv[3], int(sys.argv[4])) if len(sys.argv) > 4 else ("", 1200)
browser = Browser(width=WIDTH)
try:
    browser.open(os.path.abspath(page))
    time.sleep(0.5)
    y = browser.js("return arguments[0] ? document.getElementById(arguments[0]).getBoundingClientRect().top + scrollY : 0", top)
    clip = {"x": 0, "y": y, "width": WIDTH, "height": height, "scale": 1}
    with open(out, "wb") as f:
        f.write(base64.b64decode(browser.cdp("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]))
finally:
    browser.close()
