"""Photographs every page of a running archive, wide and narrow, light and dark, to be looked at.

Also a check: a page that scrolls sideways or writes an error to the console ends it with status 1.
`--readme FILE` writes the one picture of the README. With `--user NAME` it signs in and photographs
that person's pages instead; the password comes from standard input, and for whoever needs a second
step one code on a line below it. `--only PATTERN` takes the pages whose names it fits.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    FilePayload,
    Page,
    StorageState,
    sync_playwright,
)

CHROMIUM = "/usr/bin/chromium"
HEIGHTS = {360: 740, 768: 1024, 1440: 900}
SCHEMES = ("light", "dark")
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Pages by name; where they hang on what is there, the page and the link that leads to one.
PUBLIC: Mapping[str, str] = {
    "gallery": "/",
    "find": "/clips/",
    "found": "/clips/?q=circle",
    "found-nothing": "/clips/?q=nothing+hangs+here",
    "refused": "/clips/?year=early",
    "collections": "/collections/",
    "statement": "/statement/",
    "statement-versions": "/statement/versions/",
    "statement-sign": "/statement/sign/",
    "statement-sent": "/statement/sign/sent/",
    "statement-count": "/statement/count/",
    "statement-badge": "/statement/embed/",
    "signatures": "/statement/versions/1/signatures/",
    "record": "/record/",
    "record-search": "/record/search/?q=artists",
    "record-sides": "/record/sides/",
    "verify": "/verify/",
    "log": "/log/",
    "log-find": "/log/find/",
    "log-found-nothing": "/log/find/?q=nothing",
    "decisions": "/moderation/decisions/",
    "programs": "/api/v1/",
    "preferences": "/preferences/",
    "privacy": "/privacy/",
    "terms": "/terms/",
    "contact": "/contact/",
    "mail": "/mail/",
    "patterns": "/patterns/",
    "login": "/accounts/login/",
    "not-found": "/nothing-hangs-here/",
}
LINKED: Mapping[str, tuple[str, str]] = {
    "clip": ("/", "a.work"),
    "collection": ("/collections/", ".cover a"),
    "entry": ("/log/", "table a"),
    "fact": ("/record/", "a[href*='/facts/']"),
    "document": ("/record/", "a[href*='/documents/']"),
    "decision": ("/moderation/decisions/", "a[href*='/decisions/']"),
    "gone": ("/moderation/decisions/", "a[href*='/clips/']"),
    "version": ("/statement/versions/", "a[href$='/versions/1/']"),
}
OWN: Mapping[str, str] = {
    "ask": "/ask/",
    "mine": "/generations/",
    "queue": "/queue/",
    "prompts": "/prompts/",
    "presets": "/presets/",
    "pause": "/pause/",
    "account": "/accounts/",
    "sessions": "/accounts/sessions/",
    "tokens": "/accounts/tokens/",
    "name": "/accounts/name/",
    "password": "/accounts/password/",
    "factors": "/accounts/factors/",
    "app": "/accounts/factors/app/",
    "codes": "/accounts/factors/codes/",
    "passkeys": "/accounts/passkeys/",
    "new-passkey": "/accounts/passkeys/new/",
    "erase-account": "/accounts/erase/",
    "invitations": "/accounts/invitations/",
    "begin-collection": "/collections/begin/",
    "moderation": "/moderation/queue/",
    "rules": "/moderation/rules/",
    "draft": "/statement/draft/",
    "curate": "/statement/curate/",
    "curate-signatures": "/statement/curate/signatures/",
    "invalidate": "/statement/curate/invalidate/",
    "translate": "/statement/translate/",
    "admin": "/admin/",
}
OWN_LINKED: Mapping[str, tuple[str, str]] = {
    "attempt": ("/generations/", "a.work"),
    "clip-signed-in": ("/", "a.work"),
    "collection-desk": ("/collections/begin/", "main a[href$='/desk/']"),
    "case": ("/moderation/queue/", "main a[href*='/queue/']"),
    "signature": ("/statement/curate/signatures/", "main a[href*='/signatures/']"),
    "person": ("/accounts/invitations/", "main a[href*='/people/']"),
}


@dataclass
class Tour:
    """A walk through the site; `faults` are what no page may have, `keys` a signed-in browser's."""

    site: str
    out: Path
    user: str = ""
    language: str = "en"
    only: re.Pattern[str] = re.compile("")
    keys: StorageState | None = None
    faults: list[str] = field(default_factory=list)

    def walk(self, browser: Browser, width: int, scheme: str) -> None:
        """Photograph every page at one width in one scheme."""
        with self.visitor(browser, width, scheme) as page:
            for name, address in self.addresses(page).items():
                self.photograph(page, f"{name}-{width}-{scheme}", address)
            if not self.user and self.only.search("verdict"):
                self.verdicts(page, f"{width}-{scheme}")

    @contextmanager
    def visitor(self, browser: Browser, width: int, scheme: str) -> Iterator[Page]:
        """A window of a visitor who prefers that scheme and language, and no motion."""
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHTS[width]},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
            locale=self.language,
            storage_state=self.keys,
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

    def addresses(self, page: Page) -> Mapping[str, str]:
        """The pages to take; of a person's own those that are open to them."""
        fixed, linked = (OWN, OWN_LINKED) if self.user else (PUBLIC, LINKED)
        found = dict(fixed)
        for name, (where, selector) in linked.items():
            if link := self.first_link(page, where, selector):
                found[name] = link
        if not self.user and "clip" in found:
            clip = found["clip"].strip("/").rsplit("/", 1)[-1]
            found |= {
                "player": f"/clips/{clip}/embed/",
                "report": f"/moderation/report/{clip}/",
            }
        if "attempt" in found:
            for act in ("withdraw", "erase", "erase/prompt"):
                found[f"attempt-{act.replace('/', '-')}"] = f"{found['attempt']}{act}/"
        return {name: where for name, where in found.items() if self.wanted(page, name, where)}

    def wanted(self, page: Page, name: str, address: str) -> bool:
        """Whether a page is asked for and, if it is somebody's own, open to them."""
        if not self.only.search(name):
            return False
        return not self.user or page.request.get(self.site + address).ok

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

    def sign_in(self, browser: Browser, password: str, code: str) -> None:
        """Sign in once, for every width and scheme; or say that it did not work."""
        with self.visitor(browser, 1440, "light") as page:
            page.goto(f"{self.site}/accounts/login/")
            page.fill("#id_login", self.user)
            page.fill("#id_password", password)
            page.get_by_role("button", name="Sign in", exact=True).click()
            page.wait_for_load_state()
            if page.locator("#id_code").count():
                page.fill("#id_code", code)
                page.press("#id_code", "Enter")
                page.wait_for_load_state()
            if "/login/" in page.url or "/factors/" in page.url:
                sys.exit(f"{self.user} could not sign in.")
            self.keys = page.context.storage_state()

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
    parser.add_argument("--user", default="", help="photograph the pages of this person")
    parser.add_argument("--only", default="", help="pattern of the names of pages to take")
    parser.add_argument(
        "--widths", default="360,768,1440", help="of " + ", ".join(map(str, HEIGHTS))
    )
    parser.add_argument("--language", default="en", help="of the pages: en, de or fr")
    parser.add_argument("--chromium", default=CHROMIUM)
    return parser.parse_args()


def secret(asked: str) -> str:
    """A line that is not shown, from the terminal or from standard input."""
    return getpass(asked) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


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
    tour = Tour(
        given.site.rstrip("/"), given.out, given.user, given.language, re.compile(given.only)
    )
    with sync_playwright() as playwright:
        # Chromium refuses its own sandbox to root, as in a container.
        browser = playwright.chromium.launch(executable_path=given.chromium, args=["--no-sandbox"])
        if given.user:
            tour.sign_in(browser, secret("Password: "), secret("Code, if one is needed: "))
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
