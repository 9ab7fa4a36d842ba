"""Lighthouse, as npm has it and with Debian's chromium, on one page."""

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sora_archive.env import BASE_DIR

TOOLS = BASE_DIR / "requirements" / "npm" / "node_modules"
LIGHTHOUSE = TOOLS / "lighthouse" / "cli" / "index.js"


def judged(address: str, folder: Path, categories: Iterable[str]) -> dict[str, Any]:
    """Lighthouse's report on one page, as a phone sees it."""
    target = folder / "report.json"
    line = [
        "node", str(LIGHTHOUSE), address, "--quiet", "--output=json", f"--output-path={target}",
        f"--only-categories={','.join(categories)}", "--max-wait-for-load=60000",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
    ]  # fmt: skip
    environment = os.environ | {"CHROME_PATH": "/usr/bin/chromium"}
    subprocess.run(line, env=environment, check=True, timeout=240, cwd=folder)
    report: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return report
