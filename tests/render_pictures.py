"""Render the PNG files that are drawn from SVG: the icons, and the backgrounds of the pictures in link previews.

Run it after a change of one of the drawings, look at the files, and commit them:

    python -m tests.render_pictures

A development tool: it needs Chromium and Playwright, which the site does without.
"""

import io
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.chromium import chromium_path

PAGES = Path(__file__).parent.parent / "pages"
STATIC = PAGES / "static" / "pages"
ICON = (STATIC / "icon.svg").read_text()
SQUARE_ICON = ICON.replace(' rx="6"', "").replace("6a6 6 0 0 1-6 4H6z", "10H0z")  # iPhones round the corners themselves
COLORS = 200  # flat drawings and one gradient need no more

# The picture of a link preview: the desert of the home page, between a sky for the title and a floor for the name
SHARE_SIZE = (1200, 630)
BACKGROUND = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630">
<path fill="#fbe9cf" d="M0 0h1200v630H0z"/>
<svg y="190" width="1200" height="360" viewBox="0 0 1600 480">{desert}{mark}</svg>
<path fill="#41594c" d="M0 549h1200v81H0z"/>
</svg>"""
# What is drawn on the sun, for each kind of page
MARKS = {
    "home": """
<path stroke="#f2a24a" stroke-width="12" stroke-linecap="round"
    d="M1130 128V92M1206 160l26-26M1238 236h36M1054 160l-26-26M1022 236h-36"/>""",
    "text": "",
    "question": """
<path fill="none" stroke="#fff7e8" stroke-width="17" stroke-linecap="round"
    d="M1104 206c0-18 11-29 27-29s26 10 26 24c0 21-26 20-26 43M1131 275h0"/>""",
    "form": """
<rect x="1093" y="182" width="74" height="96" rx="9" fill="#fff7e8"/>
<path fill="none" stroke="#a98b76" stroke-width="8" stroke-linecap="round"
    d="M1110 206h40M1110 228h40M1110 252l9 9 17-17"/>""",
}


def render(browser, svg, width, height):
    page = browser.new_page(viewport={"width": width, "height": height})
    svg = re.sub("<svg ", f'<svg style="display:block" width="{width}" height="{height}" ', svg, count=1)
    page.set_content(f'<body style="margin:0">{svg}')
    picture = Image.open(io.BytesIO(page.screenshot(omit_background=True)))
    page.close()
    return picture


def save(picture, path):
    path.parent.mkdir(exist_ok=True)
    flat = Image.Quantize.FASTOCTREE if picture.mode == "RGBA" else Image.Quantize.MEDIANCUT
    picture.quantize(COLORS, method=flat, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path.relative_to(PAGES), path.stat().st_size)


def main():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        for size in (192, 512):
            save(render(browser, ICON, size, size), STATIC / f"icon-{size}.png")
        for name in ("apple-touch-icon", "apple-touch-icon-precomposed"):  # some devices ask for the second name only
            save(render(browser, SQUARE_ICON, 180, 180), PAGES / "root" / f"{name}.png")
        sizes = [(size, size) for size in (16, 32, 48)]
        render(browser, ICON, 48, 48).save(PAGES / "root" / "favicon.ico", sizes=sizes)
        desert = re.fullmatch(r"<svg[^>]*>(.*)</svg>\s*", (STATIC / "dawn.svg").read_text(), re.DOTALL)[1]
        for kind, mark in MARKS.items():
            background = BACKGROUND.format(desert=desert, mark=mark)
            save(render(browser, background, *SHARE_SIZE).convert("RGB"), PAGES / "share" / f"{kind}.png")
        browser.close()


if __name__ == "__main__":
    main()
