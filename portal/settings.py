"""All settings; the only module that reads the environment.

A missing or bad value stops the start with a sentence that says what to set.
"""

import os
import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from portal.embedded import database_settings, owner_settings
from portal.foundation import logs

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR", BASE_DIR / "var")).resolve()


def _flag(name: str, default: bool) -> bool:
    value = os.environ.get(name, "1" if default else "0")
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} must be 0 or 1, not {value!r}.\n{name} 只能是 0 或 1，不能是 {value!r}。")
    return value == "1"


def _count(name: str, default: int) -> int:
    value = os.environ.get(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.\n{name} 应为整数，不能是 {value!r}。")
    return int(value)


def _three_counts(name: str, default: str) -> tuple[int, int, int]:
    counts = _names(name, default)
    if len(counts) != 3 or not all(count.isascii() and count.isdecimal() for count in counts):
        raise ImproperlyConfigured(f"{name} must be three whole numbers, as in {default}.\n{name} 应为三个整数，例如 {default}。")
    return int(counts[0]), int(counts[1]), int(counts[2])


def _names(name: str, default: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def _contacts(name: str) -> list[str]:
    found = _names(name, "")
    if not all(re.fullmatch(r"(mailto:|https://|tel:)[!-~]+", contact) for contact in found):
        raise ImproperlyConfigured(
            f"{name} must be addresses that begin with mailto:, https:// or tel:, with commas between, not {os.environ[name]!r}.\n"
            f"{name} 应为以 mailto:、https:// 或 tel: 开头的地址，多个之间用逗号分隔，不能是 {os.environ[name]!r}。"
        )
    return found


def _secret_key() -> str:
    """Return SECRET_KEY, or one made on this machine and kept under DATA_DIR."""
    if key := os.environ.get("SECRET_KEY"):
        if len(key) < 50:
            raise ImproperlyConfigured(
                "SECRET_KEY must have at least 50 characters; unset it to have one made under DATA_DIR.\n"
                "SECRET_KEY 至少要有 50 个字符；也可取消该变量，由系统在 DATA_DIR 中自动生成。"
            )
        return key
    path = DATA_DIR / "secret_key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ImproperlyConfigured(
            f"Cannot read {path} ({error.strerror}): set DATA_DIR to a folder of your own.\n无法读取 {path}（{error.strerror}）：请用 DATA_DIR 指定自己的目录。"
        ) from error
    key = secrets.token_urlsafe(64)
    try:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(key)
    except FileExistsError:  # another process was first
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"Cannot write {path} ({error.strerror}): set DATA_DIR to a folder that you can write to.\n"
            f"无法写入 {path}（{error.strerror}）：请用 DATA_DIR 指定可写的目录。"
        ) from error
    return key


SECRET_KEY = _secret_key()
DEBUG = _flag("DEBUG", False)
# The embedded demo: a strip on every page says that branches and people are invented.
DEMO = _flag("DEMO", False)
# Whether the roles of `branches.access.SECOND_FACTOR_ROLES` need a second factor; whoever has one is asked for it in any case.
SECOND_FACTOR = _flag("SECOND_FACTOR", not DEMO)
ALLOWED_HOSTS = _names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _names("TRUSTED_ORIGINS", "")
HTTPS = _flag("HTTPS", False)
PROXY_COUNT = _count("PROXY_COUNT", 0)
# Whom to tell of a hole; shown in /.well-known/security.txt.
SECURITY_CONTACT = _contacts("SECURITY_CONTACT")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "rest_framework",
    "portal.foundation",
    "portal.accounts",
    "branches",
    "members",
    "activities",
    "portal.retention",
    "portal.ending",
    "portal",
]

MIDDLEWARE = [
    "portal.headers.on_every_answer",
    "portal.foundation.acting.middleware",
    "portal.watching.requests.middleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.health.before_sessions",
    "portal.requests.BoundedMiddleware",
    "portal.requests.PlainTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.accounts.middleware.SessionLimitsMiddleware",
    "portal.accounts.middleware.SignInRequiredMiddleware",
    "portal.accounts.middleware.SecondFactorMiddleware",
    "portal.accounts.middleware.PasswordFirstMiddleware",
    "portal.accounts.middleware.ProofMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
    "portal.ending.middleware.ClosedBranchMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.shell",
            ],
        },
    },
]

# Read without touching the server: `manage.py` may run before it is up.
DATABASES = {"default": database_settings(DATA_DIR, os.environ, pooled=_flag("DATABASE_POOLED", False))}
# What differs for the owner of the tables, as whom only `migrate` and the archive of the audit log work.
DATABASE_OWNER = owner_settings(os.environ)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "portal.accounts.passwords.GuessableValidator"},
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "portal:home"
LOGOUT_REDIRECT_URL = "accounts:sign_in"
SESSION_ENGINE = "portal.accounts.sessions"
# The longest that any role's session lasts; portal/accounts/limits.py has the limits.
SESSION_COOKIE_AGE = 7 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"

# Carriers and offices share addresses: five failures of one account from one address lock that pair only.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Tries during the lock do not lengthen it: the page says until when, and that holds.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "portal.accounts.views.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_HANDLER = "portal.accounts.tries.TriesHandler"
AXES_CLIENT_IP_CALLABLE = "portal.foundation.audit.sender_of"
# Every sign-in is in the audit log, which has a retention; a second log would have none.
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# Months that the audit log stays in its tables before it may be archived; no fewer than six (Cybersecurity Law, article 21).
AUDIT_KEPT_MONTHS = _count("AUDIT_KEPT_MONTHS", 12)
if AUDIT_KEPT_MONTHS < 6:
    raise ImproperlyConfigured("AUDIT_KEPT_MONTHS must be 6 or more: the law asks for six months.\nAUDIT_KEPT_MONTHS 不得小于 6：法律要求至少留存六个月。")

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "portal.formats"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

# One file a backup, encrypted to public keys of age; the private ones are never here.
BACKUP_DIR = Path(os.environ.get("BACKUP_DIR", DATA_DIR / "backups")).resolve()
BACKUP_RECIPIENT = _names("BACKUP_RECIPIENT", "")
# The newest of so many days, weeks and months.
BACKUP_KEEP = _three_counts("BACKUP_KEEP", "7,5,12")

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
MEDIA_ROOT = DATA_DIR / "attachments"
# Named after their content and kept by browsers for ever, once `make run` has collected them; as they lie in the apps while debugging.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "portal.static_files.HashedFiles"},
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# Bytes of a request's body; pages that take larger files say so (`portal.requests.takes`).
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# Of pages; `portal/headers.py` has that of everything else, and the other headers.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # No script of ours turns text into markup; one that slips in cannot either.
        "require-trusted-types-for": ["'script'"],
        "trusted-types": [NONE],
        "upgrade-insecure-requests": HTTPS,
    },
}
SECURE_REFERRER_POLICY = "same-origin"
# Scripts take the security token from the form; nothing else of ours reads a cookie.
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^(health|live|ready)z$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = _count("HSTS_SECONDS", 31536000)
    # Both concern other sites of the same domain: its owner decides.
    SECURE_HSTS_INCLUDE_SUBDOMAINS = _flag("HSTS_SUBDOMAINS", False)
    SECURE_HSTS_PRELOAD = _flag("HSTS_PRELOAD", False)
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    # With this prefix a browser takes them from this very host alone: no neighbour under the same domain can plant one.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.api.authentication.TokenAuthentication", "portal.api.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": ["portal.foundation.api.filters.FilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "portal.foundation.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "portal.api.schema.ProblemSchema",
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    # Counted by each server process on its own: a brake on a runaway client, not an account of its use.
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": f"{_count('API_RATE', 3000)}/min", "pull": f"{_count('API_PULL_RATE', 3)}/min"},
    "NUM_PROXIES": PROXY_COUNT,
    "EXCEPTION_HANDLER": "portal.api.problems.problem_handler",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": _("Branch Workbench"),
    "DESCRIPTION": _(
        "Case records of temporary Party branches, for other systems. Every address ends in a slash; every object is named by its public_id; "
        "values are strings; days are ISO dates in the time zone Asia/Shanghai, and spans include their last day. "
        "You see what your grants cover; what lies outside is 404. Errors are problem details (RFC 9457) in the language of Accept-Language."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_NO_READ_ONLY_REQUIRED": False,
    "ENUM_NAME_OVERRIDES": {
        "BranchKind": "branches.models.Branch.Kind",
        "BranchState": "branches.models.Branch.State",
        "PersonKind": "members.models.Person.Kind",
        "ActivityKind": "activities.models.ActivityKind",
        "VersionState": "activities.models.ReportVersion.State",
        "ScopeKind": "portal.api.totals.SCOPE_KINDS",
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": True,
}
REST_KNOX: dict[str, Any] = {"TOKEN_LIMIT_PER_USER": 10}

# One JSON object a line, without personal data: portal/foundation/logs.py.
LOGGING: dict[str, Any] = logs.settings()
# Milliseconds; a statement that takes longer is written to the log, as it stands in the code.
SLOW_QUERY_MS = _count("SLOW_QUERY_MS", 500)
# Files of certificates that visitors are shown; their last day is watched.
CERTIFICATES = _names("CERTIFICATES", "")
# A port of 127.0.0.1 for Prometheus; 0 is none. METRICS_TOKEN, if set, has to come as a bearer.
METRICS_PORT = _count("METRICS_PORT", 0)
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
# MiB; with less free in DATA_DIR the portal says that it is in danger, before a full disk refuses reports.
DISK_FLOOR = _count("DISK_FLOOR", 500)
