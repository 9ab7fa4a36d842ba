"""Every setting that can be given from the environment, with its default and its meaning.

The table is the documentation: docs/operations.md lists it and a test compares the two, so that
no setting can be added without being explained.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Setting:
    """One variable: its name, the default as text, and what it does in one line."""

    name: str
    default: str
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting("DATA", str(BASE_DIR / "data"), "Folder of the embedded services, media and keys."),
    Setting("PORT", "8000", "Port of the web server started by the launcher."),
    Setting("HOST", "127.0.0.1", "Address the launcher's web server listens on."),
    Setting("SITE_URL", "", "Public address of the site; default http://localhost:PORT."),
    Setting("SITE_NAME", "Sora Archive", "Name shown on pages and inside credentials."),
    Setting("INVITATION_DAYS", "7", "Days within which an invitation can be taken up."),
    Setting("DEBUG", "0", "1 shows tracebacks in the browser; never on a public site."),
    Setting("SECRET_KEY", "", "Django's secret; default: made once in DATA/keys/secret-key."),
    Setting("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", "Host names the site answers to."),
    Setting("HTTPS", "0", "1 when served over HTTPS: secure cookies, HSTS, proxy header."),
    Setting("TRUSTED_PROXY_COUNT", "0", "Reverse proxies in front of the site that set X-Forwarded-For; throttling counts by it."),
    Setting("DATABASE_URL", "", "PostgreSQL to use; default: the embedded one in DATA."),
    Setting("OWNER_DATABASE_URL", "", "The same database as the role that owns its tables; default: DATABASE_URL."),
    Setting("SEQUENCER_DATABASE_URL", "", "The same database as the role that writes the log; default: OWNER_DATABASE_URL."),
    Setting("DATABASE_ROLE", "web", "Which of the three this process is: owner, sequencer or web; manage.py sets it by command."),
    Setting("BROKER_URL", "", "Redis or RabbitMQ to use; default: the embedded one in DATA."),
    Setting("PG_BIN", "", "Folder with PostgreSQL's programs; default: those of the wheel."),
    Setting("KEYS_DIR", "", "Folder of the private keys; default DATA/keys."),
    Setting("MEDIA_DIR", "", "Folder of clips, posters and previews; default DATA/media."),
    Setting("MEDIA_ACCEL", "", "Internal location under which nginx has MEDIA_DIR, such as /stored: it sends the files (docs/nginx.conf); empty: the site does."),
    Setting("LOG_ORIGIN", "", "Name of the log, fixed at its first start; default: SITE_URL's host + /log."),
    Setting("LOG_WAIT_SECONDS", "30", "How long a worker waits for the log before trying again."),
    Setting("LOG_ALLOW_UNSAFE_FSYNC", "0", "1 lets the sequencer sign on a database without fsync: tests only."),
    Setting("LOG_WITNESS_POLICY", "", "File that says which witnesses are asked and whose cosignatures are enough (C2SP tlog-policy); empty: none."),
    Setting("LOG_CONFIRM_SECONDS", "10", "Pause between two rounds of confirmlog, which asks the witnesses."),
    Setting("LOG_TSA_URLS", "", "RFC 3161 time-stamp authorities that anchor the log, separated by commas; empty: none."),
    Setting("LOG_ANCHOR_SECONDS", "3600", "How often a checkpoint is anchored, where the log has grown."),
    Setting("GENERATION_MODELS", "", "Models, separated by ':': folders, names in DATA/models, or starter; default: the starter model, else DATA/models/untrained-test."),
    Setting("GENERATION_ENGINE", "generation.engines.diffusion.DiffusionEngine", "Dotted path of the engine class the worker loads."),
    Setting("LOG_FORMAT", "line", "How lines of the log look: line for people, json for machines."),
    Setting("METRICS_TOKEN", "", "Bearer token that /metrics asks for; empty: there is no such page."),
    Setting("WORKER_METRICS_PORT", "0", "Port on localhost at which a worker tells its own metrics; 0: none."),
    Setting("WORKER_QUEUES", "", "Queues a worker takes from, separated by ','; default: those of all models."),
    Setting("WORKER_BATCH", "1", "Generations of one model and like settings that a worker renders in one call; more than 1 makes fuller use of a large GPU, and clips that cannot be repeated byte for byte."),
    Setting("WORKER_SHUTDOWN_SECONDS", "5", "How long a worker that is told to stop goes on with its clip before it hands it back."),
    Setting("MODEL_MEMORY_BYTES", "0", "Weights a worker may keep loaded, in bytes, the last used first; 0: one model at a time."),
    Setting("GENERATION_MAX_IN_FLIGHT", "12", "Queued and running generations one artist may have."),
    Setting("GENERATION_MAX_PER_DAY", "200", "Generations one artist may ask for within 24 hours."),
    Setting("GENERATION_MAX_TRIES", "3", "Times a generation is tried before it fails."),
    Setting("GENERATION_LEASE_SECONDS", "60", "Silence after which a worker is taken for dead."),
    Setting("GENERATION_RESEND_SECONDS", "60", "Age after which a queued generation is sent to the broker again."),
    Setting("SWEEP_SECONDS", "2", "Pause between two rounds of the sweep."),
    Setting("TORCH_THREADS", "0", "Threads torch may use in a worker; 0 leaves the choice to torch."),
    Setting("TSA_URL", "", "RFC 3161 time-stamp authority for credentials; empty: none."),
    Setting("TSA_REQUIRED", "1", "1: with TSA_URL set, no clip is signed or published without a time-stamp; 0: it is, after TSA_WAIT_SECONDS."),
    Setting("TSA_WAIT_SECONDS", "60", "How long a worker waits for the time-stamp authority before the generation goes back to the queue."),
    Setting("MODERATION_FIRST_PUBLICATIONS", "0", "How many of an artist's first clips wait for a curator before they are shown."),
    Setting("MODERATION_APPEAL_DAYS", "30", "Days a withdrawn clip's files are kept for an appeal before they are deleted."),
    Setting("VERIFY_MAX_BYTES", str(512 * 1024 * 1024), "Largest file the verify page takes, in bytes."),
    Setting("VERIFY_CPU_SECONDS", "20", "Processor time one verification may use."),
    Setting("VERIFY_WALL_SECONDS", "40", "Time one verification may take."),
    Setting("VERIFY_AT_ONCE", "2", "Files that one web process checks at once; the rest of its threads serve pages."),
    Setting("VERIFY_MEMORY_BYTES", str(3 * 1024**3), "Memory one verification may use, in bytes."),
    Setting("BACKUP_DAYS", "30", "Days after which backup --rotate deletes a backup; erasure pages name them."),
    Setting("VERIFY_REPORT_DAYS", "90", "Days after which a report that nobody opens is removed."),
    Setting("VERIFY_KEPT_BYTES", str(20 * 1024**3), "Room for files that visitors leave with their reports, in bytes; 0: none are kept."),
    Setting("SECURITY_CONTACT", "", "mailto: or https: address for /.well-known/security.txt; empty: no such file."),
    Setting("EMAIL_URL", "", "Mail server, such as smtp+tls://user:password@host:587; default: mail is kept for the operator, see below."),
    Setting("EMAIL_FROM", "", "Sender of mail; default: archive@ and SITE_URL's host."),
    Setting("OPERATOR_NAME", "", "Who runs the archive, for the pages on privacy, terms and contact."),
    Setting("OPERATOR_CONTACT", "", "How to reach them: mailto: or https: address; with OPERATOR_NAME."),
    Setting("CAPTURE_MAX_BYTES", str(512 * 1024 * 1024), "Largest captured copy a curator can attach to a source, in bytes."),
    Setting("SIGN_RANGE_LIMITS", "10/60,60/3600", "Sign-ups from one address range: number/seconds, a burst and in the long run."),
    Setting("SIGN_DOMAIN_LIMITS", "30/60,300/3600", "The same for one mail domain."),
    Setting("SIGN_LARGE_DOMAINS", "aol.com,gmail.com,gmx.de,gmx.net,hotmail.com,icloud.com,live.com,mail.ru,me.com,msn.com,naver.com,outlook.com,proton.me,protonmail.com,qq.com,web.de,yahoo.com", "Mail domains of so many people that they have no limit."),
    Setting("STATEMENT_FILE", "", "Text file of the artists' statement; default: the draft that ships."),
)  # fmt: skip

_BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}


def text(name: str) -> str:
    """The value of a setting as text; its default where it is unset or empty."""
    return os.environ.get(name) or _BY_NAME[name].default


def whole(name: str) -> int:
    """The value of a setting as a whole number >= 0."""
    value = text(name)
    if not value.isascii() or not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def flag(name: str) -> bool:
    """The value of a setting as yes (1) or no (0)."""
    value = text(name)
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} must be 0 or 1, not {value!r}.")
    return value == "1"


def words(name: str, separator: str = ",") -> list[str]:
    """The value of a setting as a list of non-empty words."""
    return [word.strip() for word in text(name).split(separator) if word.strip()]


def folder(name: str, default: Path) -> Path:
    """The value of a setting as an absolute path, or the given default where it is empty."""
    value = text(name)
    return Path(value).expanduser().resolve() if value else default


def rates(name: str) -> tuple[tuple[int, int], ...]:
    """The value of a setting as pairs of a number and the seconds that it holds for."""
    found = []
    for word in words(name):
        most, _, seconds = word.partition("/")
        if not (most.isdecimal() and seconds.isdecimal() and int(most) and int(seconds)):
            raise ImproperlyConfigured(f"{name} is written like 10/60,60/3600, not {word!r}.")
        found.append((int(most), int(seconds)))
    if not found:
        raise ImproperlyConfigured(f"{name} is written like 10/60,60/3600, and not empty.")
    return tuple(found)
