"""Django's settings, all taken from the table in env.py; Django's own protections stay on."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from provenance.core import policies
from provenance.core.errors import ProvenanceError
from sora_archive import database_urls, embedded, env

BASE_DIR = env.BASE_DIR
DATA = env.folder("DATA", BASE_DIR / "data")
KEYS_DIR = env.folder("KEYS_DIR", DATA / "keys")
MEDIA_DIR = env.folder("MEDIA_DIR", DATA / "media")
MEDIA_ACCEL = env.text("MEDIA_ACCEL").rstrip("/")
PORT = env.whole("PORT")
HOST = env.text("HOST")
SITE_URL = (env.text("SITE_URL") or f"http://localhost:{PORT}").rstrip("/")
SITE_NAME = env.text("SITE_NAME")
VERSION = "0.1.0"
DEBUG = env.flag("DEBUG")


def _kept(name: str, fresh: str) -> str:
    """What stands in a file beside the other keys; made once, of `fresh`."""
    path = KEYS_DIR / name
    if not path.exists():
        KEYS_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = KEYS_DIR / f".{name}.{secrets.token_hex(8)}"
        draft.touch(mode=0o600)
        draft.write_text(fresh)
        try:
            path.hardlink_to(draft)  # fails where another process was first: its key counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


try:
    SECRET_KEY = env.text("SECRET_KEY") or _kept("secret-key", secrets.token_urlsafe(64))
    # Encrypts the secrets of second factors at rest; a line a key, the newest first.
    FACTOR_KEYS = _kept("factor-keys", Fernet.generate_key().decode()).split()
except OSError as error:
    raise ImproperlyConfigured(
        f"The keys folder {KEYS_DIR} cannot be used ({error.strerror}). "
        "Give a folder this user can write to with DATA=… or KEYS_DIR=…."
    ) from error

ALLOWED_HOSTS = [*env.words("ALLOWED_HOSTS"), urlsplit(SITE_URL).hostname or "localhost"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
ROOT_URLCONF = "sora_archive.urls"
WSGI_APPLICATION = "sora_archive.wsgi.application"
INSTALLED_APPS = [
    "sora_archive.accounts",
    "sora_archive.gallery",
    "sora_archive.statement",
    "sora_archive.record",
    "sora_archive.moderation",
    "sora_archive",
    "generation",
    "provenance.log",
    "provenance.verify",
    "whitenoise.runserver_nostatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sora_archive.compressing.Middleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "sora_archive.reserving.middleware",
    "sora_archive.preferences.middleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "sora_archive.middleware.two_steps",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sora_archive.pages.site",
            ]
        },
    }
]

DATABASE_ADDRESSES = database_urls.addresses(DATA)
DATABASE_URL = DATABASE_ADDRESSES.of(env.text("DATABASE_ROLE"))
DATABASES = {
    "default": environ.Env.db_url_config(DATABASE_URL)
    | {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5},
        "TEST": {"TEMPLATE": "template0"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "generation:ask"
LOGOUT_REDIRECT_URL = "gallery:home"

# Sign-in is allauth's; of its pages only those of accounts/urls.py are open, and nobody signs up.
ACCOUNT_ADAPTER = "sora_archive.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "sora_archive.accounts.forms.SignInForm",
    "reauthenticate": "sora_archive.accounts.forms.ConfirmPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "10/m/ip",  # redeeming an invitation
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "report": "5/m/ip,60/d/ip",
}
MFA_ADAPTER = "sora_archive.accounts.adapter.FactorAdapter"
MFA_FORMS = {
    "authenticate": "sora_archive.accounts.forms.CodeForm",
    "reauthenticate": "sora_archive.accounts.forms.ConfirmCodeForm",
    "activate_totp": "sora_archive.accounts.forms.ActivateAppForm",
}
MFA_SUPPORTED_TYPES = ["recovery_codes", "totp", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1  # a clock may be half a minute wrong
MFA_ALLOW_UNVERIFIED_EMAIL = True
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("TRUSTED_PROXY_COUNT")
INVITATION_DAYS = env.whole("INVITATION_DAYS")

CACHES = {
    # What throttles must be seen by every process; a migration of the accounts makes the table.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "site_cache",
        # Above it entries go before their time, and with them the memory of failed sign-ins.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
    # What stands on every page alike is drawn once in a process; Django looks for it by this name.
    "template_fragments": {
        "BACKEND": f"django.core.cache.backends.{'dummy.Dummy' if DEBUG else 'locmem.LocMem'}Cache",
        "OPTIONS": {"MAX_ENTRIES": 2_000},
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "sora_archive" / "locale"]
FORMAT_MODULE_PATH = ["sora_archive.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Every form of the site is small; the one large upload streams to disk with a limit of its own.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_PERMISSIONS = 0o600

HTTPS = env.flag("HTTPS")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

BROKER_URL = env.text("BROKER_URL") or embedded.broker_url(DATA)


def _log_origin(keys: Path) -> str:
    """The log's name: as given, else the one its key has, else made from the site's address."""
    if given := env.text("LOG_ORIGIN"):
        return given
    vkey = keys / "archive" / "public" / "log.vkey"
    if vkey.exists():  # an archive that moves to another host keeps the name its log began with
        return vkey.read_text().partition("+")[0]
    return f"{urlsplit(SITE_URL).netloc}/log"


LOG_ORIGIN = _log_origin(KEYS_DIR)
LOG_WAIT_SECONDS = env.whole("LOG_WAIT_SECONDS")
LOG_ALLOW_UNSAFE_FSYNC = env.flag("LOG_ALLOW_UNSAFE_FSYNC")


def _witness_policy(path: Path | None) -> policies.Policy:
    """Read once, at the start: a process that cannot read its policy must not go without one."""
    if path is None:
        return policies.parse_policy("quorum none\n")
    try:
        return policies.parse_policy(path.read_text(encoding="utf-8", errors="surrogateescape"))
    except (OSError, ProvenanceError) as error:
        raise ImproperlyConfigured(f"LOG_WITNESS_POLICY, {path}: {error}") from error


LOG_WITNESS_POLICY = _witness_policy(
    env.folder("LOG_WITNESS_POLICY", DATA) if env.text("LOG_WITNESS_POLICY") else None
)
LOG_CONFIRM_SECONDS = env.whole("LOG_CONFIRM_SECONDS")
LOG_TSA_URLS = env.words("LOG_TSA_URLS")
LOG_ANCHOR_SECONDS = env.whole("LOG_ANCHOR_SECONDS")
TSA_URL = env.text("TSA_URL")
TSA_REQUIRED = env.flag("TSA_REQUIRED")
TSA_WAIT_SECONDS = env.whole("TSA_WAIT_SECONDS")

# Whom a program acts for: the line knows no accounts, and asks what this names.
API_HOLDER = "sora_archive.accounts.tokens.holder"
# What brings an artist's signature over a request into the evidence bundle.
REQUEST_SIGNATURES = "sora_archive.accounts.signing.shared_evidence"
GENERATION_MODELS = [Path(folder) for folder in env.words("GENERATION_MODELS", ":")]
WORKER_SHUTDOWN_SECONDS = env.whole("WORKER_SHUTDOWN_SECONDS")
WORKER_BATCH = env.whole("WORKER_BATCH")
WORKER_QUEUES = env.words("WORKER_QUEUES")
MODEL_MEMORY_BYTES = env.whole("MODEL_MEMORY_BYTES")
GENERATION_ENGINE = env.text("GENERATION_ENGINE")
GENERATION_RULES = "sora_archive.moderation.rules"
MODERATION_FIRST_PUBLICATIONS = env.whole("MODERATION_FIRST_PUBLICATIONS")
MODERATION_APPEAL_DAYS = env.whole("MODERATION_APPEAL_DAYS")
GENERATION_MAX_IN_FLIGHT = env.whole("GENERATION_MAX_IN_FLIGHT")
GENERATION_MAX_PER_DAY = env.whole("GENERATION_MAX_PER_DAY")
GENERATION_MAX_TRIES = env.whole("GENERATION_MAX_TRIES")
GENERATION_LEASE_SECONDS = env.whole("GENERATION_LEASE_SECONDS")
GENERATION_RESEND_SECONDS = env.whole("GENERATION_RESEND_SECONDS")
SWEEP_SECONDS = env.whole("SWEEP_SECONDS")
TORCH_THREADS = env.whole("TORCH_THREADS")

VERIFY_MAX_BYTES = env.whole("VERIFY_MAX_BYTES")
VERIFY_CPU_SECONDS = env.whole("VERIFY_CPU_SECONDS")
VERIFY_WALL_SECONDS = env.whole("VERIFY_WALL_SECONDS")
VERIFY_AT_ONCE = env.whole("VERIFY_AT_ONCE")
VERIFY_MEMORY_BYTES = env.whole("VERIFY_MEMORY_BYTES")
VERIFY_REPORT_DAYS = env.whole("VERIFY_REPORT_DAYS")
VERIFY_KEPT_BYTES = env.whole("VERIFY_KEPT_BYTES")
VERIFY_KEPT_DIR = DATA / "reports"
# Who knows what became of a clip and where its file lies: the evidence must not import the line.
VERIFY_CLIPS = "generation.standing.of"

BACKUP_DAYS = env.whole("BACKUP_DAYS")
SECURITY_CONTACT = env.text("SECURITY_CONTACT")
if SECURITY_CONTACT and not SECURITY_CONTACT.startswith(("mailto:", "https:")):
    raise ImproperlyConfigured("SECURITY_CONTACT must begin with mailto: or https:.")
STATEMENT_FILE = env.folder(
    "STATEMENT_FILE", BASE_DIR / "sora_archive" / "statement" / "text" / "statement.md"
)

# Without a mail server nothing is lost: the operator reads the letters on a page of the site.
MAIL_IS_KEPT = not env.text("EMAIL_URL")
_MAIL = environ.Env.email_url_config(env.text("EMAIL_URL")) if not MAIL_IS_KEPT else {}
EMAIL_BACKEND = _MAIL.get("EMAIL_BACKEND", "sora_archive.mailroom.Backend")
EMAIL_HOST = _MAIL.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _MAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _MAIL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _MAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _MAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _MAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM") or f"archive@{urlsplit(SITE_URL).hostname}"
SERVER_EMAIL = DEFAULT_FROM_EMAIL

OPERATOR_NAME = env.text("OPERATOR_NAME")
OPERATOR_CONTACT = env.text("OPERATOR_CONTACT")
if OPERATOR_CONTACT and not OPERATOR_CONTACT.startswith(("mailto:", "https:")):
    raise ImproperlyConfigured("OPERATOR_CONTACT must begin with mailto: or https:.")
CAPTURE_MAX_BYTES = env.whole("CAPTURE_MAX_BYTES")
SIGN_RANGE_LIMITS = env.rates("SIGN_RANGE_LIMITS")
SIGN_DOMAIN_LIMITS = env.rates("SIGN_DOMAIN_LIMITS")
SIGN_LARGE_DOMAINS = frozenset(env.words("SIGN_LARGE_DOMAINS"))

# Who knows which files should lie in MEDIA_DIR: each gives pairs of a path and its SHA-256, for
# fixity and for backups.
STORED_FILES = ["generation.fixity.of_clips", "sora_archive.record.captures.stored"]

# What the sweep calls once an hour besides its own work; each returns what it did, in words or "".
SWEPT_HOURLY = [
    "sora_archive.moderation.deciding.sweep",
    "sora_archive.mailroom.sweep",
    "sora_archive.accounts.sweeping.sweep",
    "sora_archive.statement.sweeping.sweep",
    "sora_archive.record.captures.sweep",
]

LOG_FORMAT = env.text("LOG_FORMAT")
if LOG_FORMAT not in {"line", "json"}:
    raise ImproperlyConfigured("LOG_FORMAT is line or json.")
METRICS_TOKEN = env.text("METRICS_TOKEN")
WORKER_METRICS_PORT = env.whole("WORKER_METRICS_PORT")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "sora_archive.logs.Line",
            "format": "%(levelname)s %(name)s %(message)s",
        },
        "json": {"()": "sora_archive.logs.JsonLine"},
    },
    "filters": {"without_links": {"()": "sora_archive.logs.WithoutLinks"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # Django's request log prints addresses of pages, which can hold what a visitor typed.
    # Those of allauth and fido2 name people and their keys.
    "loggers": {
        "django.request": {"level": "ERROR", "filters": ["without_links"]},
        # So does the one about forms without their cookie, and some addresses are secret links.
        "django.security.csrf": {"level": "ERROR"},
        "allauth": {"level": "ERROR"},
        "fido2": {"level": "ERROR"},
    },
}
