"""A whole archive for the browser: web server, worker, sequencer, sweep, broker and database."""

import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import handlers
from django.db import connection
from django.test import testcases
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests import stack as stacks
from tests.people import ADA, MO
from tests.stack import Stack, free_port, wait_until

CHROMIUM = "/usr/bin/chromium"
STEPS = 120  # enough to watch
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def _served_static_files() -> Iterator[None]:
    """`live_server` serves the collected files, which the pages name by their hash.

    pytest-django's own choice looks for them by that name in the sources, and answers 404.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers, "StaticFilesHandler", testcases._StaticFilesHandler)
        # Each request has a thread of its own there: a kept connection would serve nobody again.
        patch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
        yield


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Iterator[Stack]:
    """The archive with ada and mo in it; `extra["SITE_URL"]` is its address."""
    data = tmp_path_factory.mktemp("archive")
    with ExitStack() as closing:
        broker_url, _ = closing.enter_context(stacks.broker(data))
        server = settings.DATABASES["default"]
        admin = f"postgres://{server['USER']}@/postgres?host={server['HOST']}"
        url = closing.enter_context(stacks.fresh_database(admin))
        port = free_port()
        stacks.slow_copy(model_folder, model := data / "model", STEPS)
        stack = Stack(
            data, url, broker_url,
            {
                "GENERATION_MODELS": str(model),
                "SITE_URL": f"http://localhost:{port}",
                "PORT": str(port),
            },
        )  # fmt: skip
        closing.callback(stack.stop)
        stack.prepare()
        stack.add(ADA)
        stack.add(MO)
        stack.start("sequencer", "sweep", "worker", "web")
        wait_until(lambda: answers(f"http://localhost:{port}/statement/"), "the web server answers")
        yield stack


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own http address
            return bool(response.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    # Its event loop waits whenever a test runs: Django's tests may use the database meanwhile.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as driver:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def page(chromium: Browser, archive: Stack) -> Iterator[Page]:
    """A fresh visitor who knows nobody."""
    context = chromium.new_context(base_url=archive.extra["SITE_URL"], accept_downloads=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: (
            problems.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def page_without_scripts(chromium: Browser, archive: Stack) -> Iterator[Page]:
    """A visitor whose browser runs no JavaScript."""
    context = chromium.new_context(
        base_url=archive.extra["SITE_URL"], java_script_enabled=False, accept_downloads=True
    )
    yield context.new_page()
    context.close()
