"""Photographs every page of a running archive, wide and narrow, light and dark, to be looked at.

Also a check: a page that scrolls sideways or writes an error to the console ends it with status 1.
`--readme FILE` writes the one picture of the README. With `--user NAME` it signs in; the password
comes from standard input.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, FilePayload, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
HEIGHTS = {360: 740, 768: 1024, 1440: 900}
SCHEMES = ("light", "dark")
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Tour:
    """A walk through the site; `faults` are what no page may have."""

    site: str
    out: Path
    user: str = ""
    password: str = ""
    language: str = "en"
    faults: list[str] = field(default_factory=list)

    def walk(self, browser: Browser, width: int, scheme: str) -> None:
        """Photograph every page at one width in one scheme."""
        with self.visitor(browser, width, scheme) as page:
            for name, address in self.public_addresses(page):
                self.photograph(page, f"{name}-{width}-{scheme}", address)
            self.verdicts(page, f"{width}-{scheme}")
            if self.user:
                self.sign_in(page)
                for name, address in self.own_addresses(page):
                    self.photograph(page, f"{name}-{width}-{scheme}", address)

    @contextmanager
    def visitor(self, browser: Browser, width: int, scheme: str) -> Iterator[Page]:
        """A window of a visitor who prefers that scheme and language, and no motion."""
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHTS[width]},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
            locale=self.language,
        )
        page = context.new_page()
        page.on("console", lambda message: self.note_console(page, message))
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        try:
            yield page
        finally:
            context.close()

    def note_console(self, page: Page, message: ConsoleMessage) -> None:
        """Keep errors, but for the browser's own note that a page answered 404 or 422."""
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"{page.url}: {message.text}")

    def public_addresses(self, page: Page) -> list[tuple[str, str]]:
        """Pages anyone can see; the clip and the entry are the newest ones."""
        found = [
            ("gallery", "/"),
            ("find", "/clips/"),
            ("found-nothing", "/clips/?q=nothing+hangs+here"),
            ("collections", "/collections/"),
            ("statement", "/statement/"),
            ("record", "/record/"),
            ("verify", "/verify/"),
            ("log", "/log/"),
            ("decisions", "/moderation/decisions/"),
            ("programs", "/api/v1/"),
            ("preferences", "/preferences/"),
            ("patterns", "/patterns/"),
            ("login", "/accounts/login/"),
            ("not-found", "/nothing-hangs-here/"),
        ]
        if clip := self.first_link(page, "/", "a.work"):
            found += [("clip", clip), ("player", f"{clip}embed/")]
        if collection := self.first_link(page, "/collections/", ".cover a"):
            found.append(("collection", collection))
        if entry := self.first_link(page, "/log/", "table a"):
            found.append(("entry", entry))
        return found

    def own_addresses(self, page: Page) -> list[tuple[str, str]]:
        """Pages of the person who signed in."""
        found = [("ask", "/ask/"), ("mine", "/generations/")]
        if attempt := self.first_link(page, "/generations/", "a.work"):
            found.append(("attempt", attempt))
        return found

    def first_link(self, page: Page, address: str, selector: str) -> str:
        """Where the first such link of a page leads; empty where there is none."""
        page.goto(self.site + address)
        links = page.locator(selector)
        return (links.first.get_attribute("href") or "") if links.count() else ""

    def verdicts(self, page: Page, suffix: str) -> None:
        """Check the newest clip as it is, with one byte changed, and a text that is no video."""
        clip = self.first_link(page, "/", "a.work")
        if not clip:
            return
        identity = clip.strip("/").rsplit("/", 1)[-1]
        original = page.request.get(f"{self.site}/media/{identity}.mp4").body()
        changed = original[:-100] + bytes([original[-100] ^ 1]) + original[-99:]
        for name, data in (("intact", original), ("changed", changed), ("text", b"no video")):
            page.goto(f"{self.site}/verify/")
            upload: FilePayload = {"name": f"{name}.mp4", "mimeType": "video/mp4", "buffer": data}
            page.set_input_files("input[type=file]", upload)
            page.click("main button")
            page.wait_for_load_state()
            self.keep(page, f"verdict-{name}-{suffix}")

    def sign_in(self, page: Page) -> None:
        """Sign in, or say that it did not work."""
        page.goto(f"{self.site}/accounts/login/")
        page.fill("#id_login", self.user)
        page.fill("#id_password", self.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_load_state()
        if "/accounts/login/" in page.url:
            sys.exit(f"{self.user} could not sign in.")

    def photograph(self, page: Page, name: str, address: str) -> None:
        """Open a page and keep its picture."""
        page.goto(self.site + address)
        self.keep(page, name)

    def keep(self, page: Page, name: str) -> None:
        """Keep the whole page as it stands, once its fonts and pictures are there."""
        page.evaluate("document.fonts.ready")
        page.evaluate(
            "Promise.all([...document.images].map(image => {"
            " image.loading = 'eager'; return image.decode().catch(() => null); }))"
        )
        if page.evaluate(SIDEWAYS) > 0:
            self.faults.append(f"{name} scrolls sideways")
        self.out.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=self.out / f"{name}.png", full_page=True)


def arguments() -> argparse.Namespace:
    """What to photograph, and where the pictures go."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", help="address of the running archive")
    parser.add_argument("--out", type=Path, default=Path("test-results/screenshots"))
    parser.add_argument("--readme", type=Path, help="only write the picture of the gallery here")
    parser.add_argument("--user", default="", help="sign in under this name as well")
    parser.add_argument(
        "--widths", default="360,768,1440", help="of " + ", ".join(map(str, HEIGHTS))
    )
    parser.add_argument("--language", default="en", help="of the pages: en, de or fr")
    parser.add_argument("--chromium", default=CHROMIUM)
    return parser.parse_args()


def readme(tour: Tour, browser: Browser, target: Path) -> None:
    """The first screen of the gallery."""
    with tour.visitor(browser, 1440, "light") as page:
        page.goto(tour.site)
        page.evaluate("document.fonts.ready")
        page.wait_for_load_state("networkidle")
        target.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=target)


def main() -> int:
    """Walk, photograph, name the faults."""
    given = arguments()
    password = getpass() if given.user and sys.stdin.isatty() else ""
    if given.user and not password:
        password = sys.stdin.readline().rstrip("\n")
    tour = Tour(given.site.rstrip("/"), given.out, given.user, password, given.language)
    with sync_playwright() as playwright:
        # Chromium refuses its own sandbox to root, as in a container.
        browser = playwright.chromium.launch(executable_path=given.chromium, args=["--no-sandbox"])
        if given.readme:
            readme(tour, browser, given.readme)
        else:
            for width in map(int, re.findall(r"\d+", given.widths)):
                for scheme in SCHEMES:
                    tour.walk(browser, width, scheme)
        browser.close()
    print("\n".join(tour.faults) or "No page scrolls sideways or complains.")
    return 1 if tour.faults else 0


if __name__ == "__main__":
    sys.exit(main())
