"""Settings of both services, read from the environment (config/env.py); `.env.example` documents each variable."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from config import bot, env

BASE_DIR = env.BASE_DIR
SECRET_KEY = env.secret_key()
DEBUG = False
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS", "")

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_eventstream",
    "ninja",  # for the page of /api/docs and its static files
    "realtime",
    "chatbot",
    "workbench",
    "config",  # for its management commands
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# Each service has a URLconf of its own (config/asgi.py); commands and tests that name none get the workbench's.
ROOT_URLCONF = "config.urls_workbench"
ASGI_APPLICATION = "config.asgi.workbench"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES: dict[str, dict[str, Any]] = {"default": env.database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "realtime.layers.DegradingChannelLayer",
        "CONFIG": {"hosts": env.redis_hosts()},
    },
}
EVENTSTREAM_STORAGE_CLASS = "realtime.eventstream.LogStorage"
EVENTSTREAM_CHANNELMANAGER_CLASS = "realtime.eventstream.GroupChannelManager"
REALTIME_KINDS = ["session", "agent", "team"]
REALTIME_SOURCES = ["ai_chatbot", "agent_workbench"]
REALTIME_STREAM_LIMITS = env.stream_limits()
REALTIME_RETENTION_DAYS = env.number("RETENTION_DAYS", 7)
SERVICES = {  # ASGI application, URLconf and port of each, for `manage.py serve`
    "chatbot": ("config.asgi:chatbot", "config.urls_chatbot", env.number("CHATBOT_PORT", 8000)),
    "workbench": ("config.asgi:workbench", "config.urls_workbench", env.number("WORKBENCH_PORT", 8002)),
}
METRICS_TOKEN = env.text("METRICS_TOKEN")
REALTIME_AGENT_EXISTS = "workbench.selectors.agent_exists"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
CSRF_FAILURE_VIEW = "workbench.access.csrf.csrf_failure"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [("browser", BASE_DIR / "browser")]

RATE_LIMITS = env.rate_limits()
TRUSTED_PROXIES = env.trusted_proxies()

MAX_BODY_BYTES = 64 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

ATTACHMENT_MAX_BYTES = env.attachment_max_mb() * 1024 * 1024
ATTACHMENT_TYPES = env.attachment_types()
ATTACHMENT_ACCEL = env.accel_location()
ATTACHMENT_CLAMD = env.text("ATTACHMENT_CLAMD")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # nobody's
    "attachments": env.attachment_storage(),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Of these addresses bodies may be larger, and are read as they come: with what a form adds to a file.
REALTIME_LARGE_BODIES = {r"/api/sessions/[^/]+/attachments": ATTACHMENT_MAX_BYTES + MAX_BODY_BYTES}

HTTPS = env.flag("HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# A browser takes a cookie of such a name from its own host over HTTPS only: no neighbouring host can plant one.
HOST_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{HOST_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{HOST_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{HOST_PREFIX}django_language"
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = HTTPS, True, "Lax"
SESSION_ENGINE = "workbench.access.login_sessions"
SESSION_COOKIE_AGE = 12 * 3600
LOGIN_IDLE_MINUTES = env.idle_minutes()
AWAY_AFTER_MINUTES = env.away_minutes()
WAIT_LIMITS = env.wait_limits()
MAIL_AFTER_MINUTES = env.mail_minutes()
CHAT_URL = env.chat_url()
BOT_BASE_URL = env.bot_base_url()
BOT_MODEL = env.text("BOT_MODEL")
BOT_API_KEY = env.text("BOT_API_KEY")
BOT_ENCODER = bot.encoders()
_mail = env.mail()
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _mail.get("EMAIL_HOST") or "localhost", _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_USER") or "", _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _mail.get("EMAIL_FILE_PATH") or None
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", "Handover <no-reply@localhost>")
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(?:healthz|readyz|metrics)$"]  # asked for by what stands beside the service, in plain
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"class": "config.logs.OneLineFormatter", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "filters": {"database_faults": {"()": "realtime.database.FaultsOfRequests"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        "daphne": {"level": "WARNING"},
        "django.request": {"level": "ERROR", "filters": ["database_faults"]},  # a 404 is an answer, not a fault
        "django.security": {"level": "CRITICAL"},  # so is the 400 for a foreign Host, without a traceback for each
        "django.security.csrf": {"level": "WARNING"},
        "httpcore": {
            "level": "WARNING"
        },  # of requests to bots outside: they name addresses, and at DEBUG what was said
        "httpx": {"level": "WARNING"},
        "openai": {"level": "WARNING"},
        "psycopg.pool": {"level": "ERROR"},  # each failed attempt to connect: the job that needed it logs it
    },
}
