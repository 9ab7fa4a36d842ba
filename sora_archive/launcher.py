"""Runs a whole archive in the foreground: starts its services in order, watches over them, and
stops them in order; whatever ends the launcher ends them too.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import FrameType
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from generation.engines import catalog
from provenance import vault
from provenance.core.errors import ProvenanceError
from sora_archive import database_roles, embedded, env
from sora_archive.embedded_postgres import (
    EmbeddedError,
    ensure_database,
    prepare,
    wait_until_ready,
)
from sora_archive.launching import guard, readiness, services
from sora_archive.launching.processes import Console, Running, Service, described

READY_SECONDS = 180.0
BROKER_SECONDS = 30.0
# A service that ends is started again after 1, 2, 4 ... seconds; one that keeps ending is given up.
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
GIVE_UP_AFTER = 5
STOP_ORDER = (
    "migrate", "model", "web", "worker", "confirmlog", "sequencer", "sweep", "broker", "database",
)  # fmt: skip


class GaveUp(Exception):
    """A service does not stay up; the text says which and how it ended."""


class Interrupted(Exception):
    """Somebody asked the launcher to stop while it was starting."""


def place_from_settings() -> services.Place:
    """The place the settings describe."""
    return services.Place(
        data=settings.DATA,
        host=settings.HOST,
        port=settings.PORT,
        database_url=env.text("DATABASE_URL"),
        broker_url=env.text("BROKER_URL"),
        pg_bin=env.text("PG_BIN"),
    )


class Launcher:
    """One archive and its services, from the first check to the last stop."""

    def __init__(self, place: services.Place, console: Console) -> None:
        self.place = place
        self.console = console
        self._running: dict[str, Running] = {}
        self._falls: dict[str, int] = {}
        self._again_at: dict[str, float] = {}
        self._asked_to_stop = threading.Event()
        self._in_a_hurry = threading.Event()

    def run(self, when_ready: Callable[["Launcher"], None]) -> int:
        """Serves until somebody stops it. Exit status: 0 stopped, 1 gave up, 2 refused to start."""
        with self._signals(), ExitStack() as held:
            try:
                guard.check_data(self.place.data)
                held.enter_context(guard.only_launcher(embedded.runtime_dir(self.place.data)))
                held.callback(self._stop_all)
                self._start()
                when_ready(self)
                self._watch()
            except (guard.Refusal, EmbeddedError, ProvenanceError) as error:
                self.console.say(str(error))
                return 2
            except GaveUp as error:
                self.console.say(str(error))
                return 1
            except Interrupted:
                return 0
        return 0

    def check(self) -> None:
        """Raises where waiting has become useless: a stop was asked for, or a service ended."""
        self._raise_if_asked()
        for name, running in self._running.items():
            if running.ended is not None:
                raise GaveUp(f"{name} {described(running.ended)} while the archive was starting.")

    def _start(self) -> None:
        begun = time.monotonic()
        guard.reserve_port(self.place.host, self.place.port).close()
        if not self.place.database_url:
            self._start_database()
        if not self.place.broker_url:
            self._start_broker()
        self._prepare_site()
        for make in (services.sequencer, services.sweep, services.worker):
            self._begin(make(self.place))
        if settings.LOG_WITNESS_POLICY.witnesses or settings.LOG_TSA_URLS:
            self._begin(services.confirmlog(self.place))
        self._begin_web()
        self._wait_until_well()
        self.console.say(f"everything is up after {time.monotonic() - begun:.1f} s")

    def _start_database(self) -> None:
        pg = services.cluster(self.place)
        if prepare(pg):
            self.console.say(f"made a new PostgreSQL cluster in {pg.pgdata}")
        running = self._begin(services.database(self.place, pg))
        wait_until_ready(pg, running.process)
        ensure_database(pg)

    def _start_broker(self) -> None:
        self._begin(services.broker(self.place))
        path = embedded.broker_socket(self.place.data)
        if not readiness.until(lambda: readiness.broker_answers(path), self.check, BROKER_SECONDS):
            raise EmbeddedError(f"The broker did not answer within {BROKER_SECONDS:.0f} s.")

    def _prepare_site(self) -> None:
        """Keys, tables, static files and a model, each made once and then found."""
        self._ensure_keys()
        self.console.say("bringing the tables up to date")
        self._run_to_end(services.migration(self.place), "bringing the tables up to date")
        self._grant_rights()
        call_command("collectstatic", interactive=False, verbosity=0)
        connections.close_all()
        self.check()
        self._ensure_model()

    def _ensure_keys(self) -> None:
        made = not (settings.KEYS_DIR / vault.HOME).exists()
        vault.ensure_keys(settings.KEYS_DIR, settings.LOG_ORIGIN, datetime.now(UTC))
        if made:
            offline = settings.KEYS_DIR / vault.HOME / "take-offline"
            self.console.say(f"made the archive's keys; move {offline} to an offline medium")

    def _ensure_model(self) -> None:
        folders = catalog.folders()
        stand_in = settings.DATA / "models"
        if all((folder / "card.json").exists() for folder in folders):
            return
        if any(stand_in not in folder.parents for folder in folders):
            raise guard.Refusal(f"A model of GENERATION_MODELS has no card.json: {folders}.")
        self.console.say("building the untrained test model")
        # In a process of its own: torch would stay in this one's memory for good.
        self._run_to_end(services.test_model(self.place), "building the model")

    def _run_to_end(self, task: Service, what: str) -> None:
        running = self._begin(task)
        readiness.until(lambda: running.ended is not None, self._raise_if_asked, READY_SECONDS)
        del self._running[task.name]
        running.stop(0.0)
        if running.ended != 0:
            raise GaveUp(f"{what} {described(running.ended or 0)}.")

    def _grant_rights(self) -> None:
        addresses = settings.DATABASE_ADDRESSES
        if not addresses.are_separate:
            return
        try:
            with database_roles.connect(addresses.owner) as owner:
                database_roles.grant(owner, addresses)
        except (database_roles.RolesRefused, psycopg.Error) as error:
            raise EmbeddedError(f"The database roles are not right: {error}") from error

    def _begin(self, service: Service, keep_open: tuple[int, ...] = ()) -> Running:
        running = Running(service, self.console, keep_open)
        self._running[service.name] = running
        return running

    def _begin_web(self) -> Running:
        with guard.reserve_port(self.place.host, self.place.port) as listener:
            number = listener.fileno()
            return self._begin(services.web(self.place, number), (number,))

    def _wait_until_well(self) -> None:
        self.console.say("waiting for the services")
        name = urlsplit(settings.SITE_URL).hostname or "localhost"
        last: dict[str, str] | None = None

        def well() -> bool:
            nonlocal last
            last = readiness.unwell(self.place.host, self.place.port, name, settings.HTTPS)
            return last == {}

        if not readiness.until(well, self.check, READY_SECONDS):
            told = "; ".join(f"{name}: {why}" for name, why in (last or {}).items())
            raise GaveUp(f"After {READY_SECONDS:.0f} s not all is well. {told or 'No answer.'}")

    def _watch(self) -> None:
        while not self._asked_to_stop.wait(0.3):
            self._mend()

    def attend(self) -> None:
        """For whoever works while the archive runs: mends it, and raises once a stop is asked."""
        self._raise_if_asked()
        self._mend()

    def _raise_if_asked(self) -> None:
        if self._asked_to_stop.is_set():
            raise Interrupted

    def _mend(self) -> None:
        """Starts services that have ended again, after a pause that grows."""
        now = time.monotonic()
        for name, running in list(self._running.items()):
            if running.ended is None:
                continue
            if name not in self._again_at:
                self._plan_restart(running, now)
            elif now >= self._again_at[name]:
                del self._again_at[name]
                running.stop(0.0)
                self._begin_again(running.service)

    def _plan_restart(self, running: Running, now: float) -> None:
        name, status = running.service.name, running.ended or 0
        steady = now - running.begun > STEADY_SECONDS
        falls = self._falls[name] = 1 if steady else self._falls.get(name, 0) + 1
        if falls >= GIVE_UP_AFTER:
            raise GaveUp(f"{name} {described(status)} for the {falls}th time in a row: giving up.")
        pause = min(2.0 ** (falls - 1), LONGEST_PAUSE)
        self._again_at[name] = now + pause
        self.console.say(f"{name} {described(status)}; starting it again in {pause:.0f} s")

    def _begin_again(self, service: Service) -> None:
        if service.name == "web":
            self._begin_web()
        elif service.name == "database":
            pg = services.cluster(self.place)
            prepare(pg)
            self._begin(services.database(self.place, pg))
        else:
            self._begin(service)

    def _stop_all(self) -> None:
        if not self._running:
            return
        self.console.say("stopping")
        begun = time.monotonic()
        for name in STOP_ORDER:
            running = self._running.pop(name, None)
            if running is None:
                continue
            patience = 0.5 if self._in_a_hurry.is_set() else None
            if not running.stop(patience):
                self.console.say(f"{name} did not stop by itself and was killed")
        self.console.say(f"stopped after {time.monotonic() - begun:.1f} s; the data stays")

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """One signal stops in order, a second one in a hurry."""

        def asked(number: int, frame: FrameType | None) -> None:
            if self._asked_to_stop.is_set():
                self._in_a_hurry.set()
            self._asked_to_stop.set()

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, asked) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
