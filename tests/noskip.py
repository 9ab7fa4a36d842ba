"""A pytest plugin for `make test-all`: a test that was skipped did not pass, so the run fails."""

import pytest


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Turns an otherwise green run red where a test was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == pytest.ExitCode.OK and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says why such a run is red."""
    if skipped := len(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(f"{skipped} skipped: here every test has to run.", red=True)
