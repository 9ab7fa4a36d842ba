"""axe-core in the page that is open: what keeps people from using it."""

from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "requirements" / "npm" / "node_modules" / "axe-core" / "axe.min.js"


def faults(page: Page) -> list[str]:
    """Each violation with the elements that it is about; empty where there is none."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [
        f"{page.url} {fault['id']}: {[node['html'][:120] for node in fault['nodes']]}"
        for fault in found
    ]
