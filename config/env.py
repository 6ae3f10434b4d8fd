"""Everything the project reads from its environment, checked; `.env.example` documents each variable."""

import json
import os
import secrets
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from limits import RateLimitItem, parse_many

from chatbot.attachments.inspection.kinds import KINDS

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

_env = environ.Env()
_env.read_env(BASE_DIR / ".env")  # a missing file is fine; the environment wins over the file

DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "unix", "sentinel")
SQLITE_BUSY_SECONDS = 2
# Of one process. The database threads of realtime/database keep 8 for themselves; pages and admin share the rest.
POSTGRES_POOL_SIZE = 16
MAX_ATTACHMENT_MB = 1000
MAX_AWAY_MINUTES = 24 * 60
MAX_MAIL_MINUTES = 12 * 60  # half of the time after which nothing is sent any more (chatbot/mail/ledger.py)
MAIL_SCHEMES = ("smtp", "smtp+tls", "smtp+ssl", "consolemail", "filemail", "dummymail")
ATTACHMENT_TYPES = ("jpg", "jpeg", "png", "gif", "webp", "pdf", "txt", "csv", "docx", "xlsx", "pptx")
THIS_MACHINE = "127.0.0.0/8,::1"
# How long a caller waits for one of them: as long as for SQLite's lock.
POSTGRES_POOL_SECONDS = 2
# A pool tries again to connect after pauses that double, and meanwhile starts no other attempt: with its own 5 minutes
# callers were refused for 18 s after an outage of 40 s. So it gives up soon, and the next caller makes it try.
POSTGRES_RECONNECT_SECONDS = 1
# The server's limits for each of our connections. To wait for a lock: more than its deadlock_timeout (1 s), which finds
# out whom to undo; what is not free by then is held by something that hangs. To be idle in a transaction: more than
# anything of ours is; a process that was stopped in one loses it, and others get its locks.
POSTGRES_LIMITS = {"lock_timeout": "1500ms", "idle_in_transaction_session_timeout": "5s"}
# When a server that went without a word is given up: to connect, idle, and with something sent. Of libpq.
POSTGRES_KEEP_ALIVES = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# They stop floods, never a person.
RATES = {
    "messages": "600/minute",  # what a customer does in one session
    "sessions": "600/minute",  # new ones from one address, behind which a whole office may sit
    "replies": "1200/minute",  # what an agent does
    "suggestions": "120/minute",  # what the knowledge base would answer, for an agent
    "assistance": "30/minute",  # what a language model does for an agent
    "uploads": "60/minute",  # files that one side sends to one session
    "address_uploads": "300/minute",  # and that come from one address
    "logins": "20/minute",  # attempts for one username from one address
    "address_failures": "60/hour",  # logins that failed from one address
    "account_failures": "100/hour",  # and for one username, from addresses that it has not logged in from
}
# Of one process: a person has a page or two open, an office behind one address many.
STREAMS = {
    "session": 16,  # of one customer's session
    "login": 32,  # of an agent's login session
    "address": 2_000,
}


def flag(name: str, default: bool = False) -> bool:
    return bool(_env.bool(name, default=default))


def text(name: str, default: str = "") -> str:
    return str(_env.str(name, default=default))


def number(name: str, default: int) -> int:
    try:
        return int(_env.int(name, default=default))
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from None


def idle_minutes() -> int:
    """LOGIN_IDLE_MINUTES: 0 is never."""
    minutes = number("LOGIN_IDLE_MINUTES", 0)
    if minutes < 0:
        raise ImproperlyConfigured(f"LOGIN_IDLE_MINUTES is {minutes}; use 0 (never) or a number of minutes.")
    return minutes


def away_minutes() -> int:
    """AWAY_AFTER_MINUTES: 0 is never."""
    minutes = number("AWAY_AFTER_MINUTES", 15)
    if not 0 <= minutes <= MAX_AWAY_MINUTES:
        raise ImproperlyConfigured(
            f"AWAY_AFTER_MINUTES is {minutes}; use 0 (never) or a number of minutes up to {MAX_AWAY_MINUTES}."
        )
    return minutes


def mail() -> dict[str, Any]:
    """Django's settings of outgoing mail from EMAIL_URL; without it letters are printed, and none is sent."""
    url = text("EMAIL_URL", "consolemail://")
    scheme = urlsplit(url).scheme
    if scheme not in MAIL_SCHEMES:
        raise ImproperlyConfigured(
            f"EMAIL_URL has the scheme {scheme!r}; use smtp+tls://user:password@host:587, smtp+ssl:// or consolemail://."
        )
    config: dict[str, Any] = _env.email_url_config(url)
    return config


def mail_minutes() -> int:
    """MAIL_AFTER_MINUTES: 0 is never."""
    minutes = number("MAIL_AFTER_MINUTES", 5)
    if not 0 <= minutes <= MAX_MAIL_MINUTES:
        raise ImproperlyConfigured(
            f"MAIL_AFTER_MINUTES is {minutes}; use 0 (never) or a number of minutes up to {MAX_MAIL_MINUTES}."
        )
    return minutes


def chat_url() -> str:
    """CHAT_URL: where customers find the chat page."""
    url = text("CHAT_URL", f"http://localhost:{number('CHATBOT_PORT', 8000)}/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise ImproperlyConfigured(f"CHAT_URL is {url!r}; use the address of the chat page: https://chat.example.com/.")
    return url


def bot_base_url() -> str:
    """BOT_BASE_URL: the endpoint of the bot, without a slash at its end; "" for the bot that is built in."""
    url = text("BOT_BASE_URL").rstrip("/")
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise ImproperlyConfigured("BOT_BASE_URL is no address of an API; use one such as https://bots.example.com/v1.")
    return url


def wait_limits() -> tuple[int, int]:
    """WAIT_LIMITS: after how many seconds of waiting a customer is late, and very late."""
    parts = names("WAIT_LIMITS", "120,300")
    if len(parts) != 2 or not all(part.isdecimal() for part in parts) or not 0 < int(parts[0]) < int(parts[1]):
        raise ImproperlyConfigured("WAIT_LIMITS must be two rising numbers of seconds, as in 120,300.")
    return int(parts[0]), int(parts[1])


def names(name: str, default: str) -> list[str]:
    """A comma-separated list."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def secret_key() -> str:
    """SECRET_KEY, or one made for this installation at its first start and kept in var/ (mode 0600).

    Several machines that serve one product must set the same SECRET_KEY.
    """
    if key := text("SECRET_KEY"):
        return key
    path = VAR_DIR / "secret_key"
    if not path.exists():
        VAR_DIR.mkdir(exist_ok=True)
        draft = VAR_DIR / f"secret_key.{os.getpid()}"
        draft.write_text(secrets.token_urlsafe(50))
        draft.chmod(0o600)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process of a first start made it between our check and here
        finally:
            draft.unlink()
    return path.read_text().strip()


def database() -> dict[str, Any]:
    """Django's DATABASES["default"] from DATABASE_URL (SQLite or PostgreSQL)."""
    url = text("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
    scheme = urlsplit(url).scheme
    if scheme not in DATABASE_SCHEMES:
        raise ImproperlyConfigured(
            f"DATABASE_URL has the scheme {scheme!r}; use sqlite:///file.sqlite3 or "
            "postgres://user:password@host:5432/name."
        )
    config: dict[str, Any] = _env.db_url_config(url)
    return _sqlite(config) if scheme == "sqlite" else _postgres(config)


def _sqlite(config: dict[str, Any]) -> dict[str, Any]:
    config["OPTIONS"] = {
        "timeout": SQLITE_BUSY_SECONDS,
        "transaction_mode": "IMMEDIATE",  # a write transaction that starts as a reader can fail at its first write
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
    config["CONN_MAX_AGE"] = None
    config["TEST"] = {"NAME": str(VAR_DIR / f"test-{os.getpid()}.sqlite3")}
    return config


def _postgres(config: dict[str, Any]) -> dict[str, Any]:
    if not config.get("NAME"):
        raise ImproperlyConfigured("DATABASE_URL names no database: postgres://user:password@host:5432/name.")
    options: dict[str, Any] = {**POSTGRES_KEEP_ALIVES, **config.get("OPTIONS", {})}  # of DATABASE_URL: ?sslmode=…
    limits = " ".join(f"-c {name}={limit}" for name, limit in POSTGRES_LIMITS.items())
    # Of two that set the same the later one holds.
    options["options"] = f"{limits} {options.get('options', '')}".strip()
    options["pool"] = {
        "min_size": 1,
        "max_size": POSTGRES_POOL_SIZE,
        "timeout": POSTGRES_POOL_SECONDS,
        "reconnect_timeout": POSTGRES_RECONNECT_SECONDS,
    }
    config["OPTIONS"] = options
    return config


def redis_hosts() -> list[dict[str, Any]]:
    """One entry a shard from REDIS_URL: one URL, several separated by commas, or Sentinel.

    `sentinel://[:password@]host:26379;host:26379/master-name` names the sentinels of one shard.
    Empty when REDIS_URL is unset: each process then runs on the in-memory layer and the log alone.
    """
    return [_redis_host(url) for url in names("REDIS_URL", "")]


def _redis_host(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in REDIS_SCHEMES:
        raise ImproperlyConfigured(
            f"REDIS_URL has the scheme {parts.scheme!r}; use redis://, rediss://, unix:// or sentinel://."
        )
    if parts.scheme != "sentinel":
        return {"address": url}
    _, _, addresses = parts.netloc.rpartition("@")
    sentinels = [(host, int(port or 26379)) for host, _, port in (item.partition(":") for item in addresses.split(";"))]
    master = parts.path.strip("/")
    if not master:
        raise ImproperlyConfigured("REDIS_URL names no Sentinel master: sentinel://host:26379/master-name.")
    host: dict[str, Any] = {"master_name": master, "sentinels": sentinels}
    if parts.password:
        host["password"] = parts.password
    return host


def rate_limits() -> dict[str, RateLimitItem]:
    """The rate of each limit, from RATE_LIMITS: `on`, `off` (there are none), or changes like `messages=120/minute`."""
    said = [part.lower() for part in names("RATE_LIMITS", "on")]
    if said == ["off"]:
        return {}
    changes = {} if said in ([], ["on"]) else dict(_rate_change(part) for part in said)
    return {name: _rate(name, rate) for name, rate in {**RATES, **changes}.items()}


def _rate_change(part: str) -> tuple[str, str]:
    name, _, rate = (piece.strip() for piece in part.partition("="))
    if name not in RATES or not rate:
        raise ImproperlyConfigured(
            f"RATE_LIMITS has {part!r}; use on, off, or rates such as messages=120/minute,sessions=30/minute "
            f"(of {', '.join(RATES)})."
        )
    return name, rate


def _rate(name: str, rate: str) -> RateLimitItem:
    try:
        (item,) = parse_many(rate)
        if item.amount < 1:
            raise ValueError
    except ValueError:
        raise ImproperlyConfigured(
            f"RATE_LIMITS has {name}={rate}; a rate is a number and a time: 120/minute."
        ) from None
    return type(item)(item.amount, item.multiples, namespace=name)


def stream_limits() -> dict[str, int]:
    """How many streams may be open, from STREAM_LIMITS: `on`, `off` (any number), or changes like `session=8`."""
    said = [part.lower() for part in names("STREAM_LIMITS", "on")]
    if said == ["off"]:
        return {}
    return {**STREAMS, **({} if said in ([], ["on"]) else dict(_stream_change(part) for part in said))}


def _stream_change(part: str) -> tuple[str, int]:
    name, _, number = (piece.strip() for piece in part.partition("="))
    if name not in STREAMS or not number.isascii() or not number.isdigit() or int(number) < 1:
        raise ImproperlyConfigured(
            f"STREAM_LIMITS has {part!r}; use on, off, or numbers such as session=8,address=500 "
            f"(of {', '.join(STREAMS)})."
        )
    return name, int(number)


def attachment_max_mb() -> int:
    size = number("ATTACHMENT_MAX_MB", 20)
    if not 1 <= size <= MAX_ATTACHMENT_MB:
        raise ImproperlyConfigured(f"ATTACHMENT_MAX_MB is {size}; use a number from 1 to {MAX_ATTACHMENT_MB}.")
    return size


def attachment_types() -> tuple[str, ...]:
    """The extensions of ATTACHMENT_TYPES."""
    types = tuple(part.lower().lstrip(".") for part in names("ATTACHMENT_TYPES", ",".join(ATTACHMENT_TYPES)))
    if unknown := [each for each in types if each not in KINDS]:
        raise ImproperlyConfigured(f"ATTACHMENT_TYPES has {', '.join(unknown)}; known are {', '.join(KINDS)}.")
    return types


def attachment_storage() -> dict[str, Any]:
    """Django's STORAGES["attachments"]: a folder, or what ATTACHMENT_STORAGE names, with its options in JSON."""
    backend = text("ATTACHMENT_STORAGE")
    if not backend:
        folder = text("ATTACHMENT_FOLDER", str(VAR_DIR / "attachments"))
        modes = {"file_permissions_mode": 0o640, "directory_permissions_mode": 0o750}
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(BASE_DIR / folder), **modes},
        }
    try:
        options = json.loads(text("ATTACHMENT_STORAGE_OPTIONS", "{}"))
    except ValueError:
        raise ImproperlyConfigured('ATTACHMENT_STORAGE_OPTIONS must be JSON: {"bucket_name": "files"}.') from None
    return {"BACKEND": backend, "OPTIONS": options}


def accel_location() -> str:
    """ATTACHMENT_ACCEL: nginx's internal location of the folder, such as /attachments/."""
    location = text("ATTACHMENT_ACCEL")
    if not location:
        return ""
    if text("ATTACHMENT_STORAGE"):
        raise ImproperlyConfigured("ATTACHMENT_ACCEL is for files in a folder; unset it, or ATTACHMENT_STORAGE.")
    return f"/{location.strip('/')}/"


def trusted_proxies() -> tuple[IPv4Network | IPv6Network, ...]:
    """The addresses and networks whose X-Forwarded-For is believed, from TRUSTED_PROXIES."""
    try:
        return tuple(ip_network(part) for part in names("TRUSTED_PROXIES", THIS_MACHINE))
    except ValueError as error:
        raise ImproperlyConfigured(f"TRUSTED_PROXIES must be networks such as 10.0.0.0/8: {error}.") from None
