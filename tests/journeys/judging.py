"""A judge of pages that nobody here wrote: axe-core, run in the page itself."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from sora_archive.env import BASE_DIR

AXE = BASE_DIR / "requirements" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})"


def violations(page: Page, script: Path = AXE) -> list[str]:
    """What axe finds wrong with the page as it stands, each with the places."""
    page.evaluate(script.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(_RUN, RULES)
    return [
        f"{page.url}: {each['id']}: {', '.join(str(node['target']) for node in each['nodes'])}"
        for each in found["violations"]
    ]
