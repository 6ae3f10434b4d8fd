"""What the environment says about logins is checked when a process starts, and how the log is written."""

import logging
import logging.config
import os
import runpy
import stat
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage.handler import StorageHandler
from django.test import Client

from config import bot, env
from config.handler import API_MIDDLEWARE
from config.logs import OneLineFormatter


def read_settings() -> dict[str, Any]:
    """What a process that starts with this environment has."""
    return runpy.run_path(str(env.BASE_DIR / "config/settings.py"))


@pytest.mark.parametrize("name", ["DEBUG", "DJANGO_DEBUG"])
def test_environment_does_not_turn_debug_on(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "on")
    assert read_settings()["DEBUG"] is False


def test_a_secret_key_is_made_once_and_read_by_its_owner_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    monkeypatch.setattr(env, "VAR_DIR", tmp_path / "var")
    made = env.secret_key()
    assert len(made) >= 50
    assert env.secret_key() == made
    [path] = (tmp_path / "var").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(("https", "prefix"), [("off", ""), ("on", "__Host-")])
def test_cookies_are_named_and_kept_as_the_transport_allows(
    monkeypatch: pytest.MonkeyPatch, https: str, prefix: str
) -> None:
    monkeypatch.setenv("HTTPS", https)
    read = read_settings()
    for kind, name in (("SESSION", "sessionid"), ("CSRF", "csrftoken"), ("LANGUAGE", "django_language")):
        assert (read[f"{kind}_COOKIE_NAME"], read[f"{kind}_COOKIE_SECURE"]) == (f"{prefix}{name}", https == "on")


@pytest.mark.parametrize(("https", "seconds"), [("off", 0), ("on", 31_536_000)])
def test_browsers_are_told_to_stay_with_https_where_it_is(
    monkeypatch: pytest.MonkeyPatch, https: str, seconds: int
) -> None:
    monkeypatch.setenv("HTTPS", https)
    read = read_settings()
    assert (read["SECURE_HSTS_SECONDS"], read["SECURE_HSTS_INCLUDE_SUBDOMAINS"]) == (seconds, https == "on")


def test_cookie_of_the_language_is_kept_from_scripts_and_other_sites(client: Client) -> None:
    cookie = client.post("/language/", {"language": "zh-hans"}).cookies["django_language"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_files_can_be_read_by_the_group_of_their_owner_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By nginx, which sends them (ATTACHMENT_ACCEL), also under a unit whose umask is 0077."""
    monkeypatch.setenv("ATTACHMENT_FOLDER", str(tmp_path / "attachments"))
    storages: Any = StorageHandler({"attachments": env.attachment_storage()})  # type: ignore[dict-item]
    storage = storages["attachments"]
    before = os.umask(0o077)
    try:
        storage.save("2026/11/a", ContentFile(b"hi"))
    finally:
        os.umask(before)
    folders = [tmp_path / "attachments/2026", tmp_path / "attachments/2026/11"]
    assert [stat.S_IMODE(each.stat().st_mode) for each in folders] == [0o750, 0o750]
    assert stat.S_IMODE((folders[-1] / "a").stat().st_mode) == 0o640


def test_logins_do_not_end_without_use_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOGIN_IDLE_MINUTES", raising=False)
    assert env.idle_minutes() == 0


def test_logins_end_without_use_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGIN_IDLE_MINUTES", "30")
    assert env.idle_minutes() == 30


@pytest.mark.parametrize("text", ["-1", "half an hour"])
def test_a_time_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("LOGIN_IDLE_MINUTES", text)
    with pytest.raises(ImproperlyConfigured, match="LOGIN_IDLE_MINUTES"):
        env.idle_minutes()


def test_agents_without_input_are_away_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWAY_AFTER_MINUTES", raising=False)
    assert env.away_minutes() == 15


@pytest.mark.parametrize("text", ["-1", "1441", "a while"])
def test_a_while_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("AWAY_AFTER_MINUTES", text)
    with pytest.raises(ImproperlyConfigured, match="AWAY_AFTER_MINUTES"):
        env.away_minutes()


@pytest.mark.parametrize(("text", "encoders"), [("off", 0), ("0", 0), ("on", 1), ("TRUE", 1), ("two", 2), ("Two", 2)])
def test_encoders_are_none_one_or_two(monkeypatch: pytest.MonkeyPatch, text: str, encoders: int) -> None:
    monkeypatch.setenv("BOT_ENCODER", text)
    assert bot.encoders() == encoders


def test_without_a_word_one_encoder_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_ENCODER", raising=False)
    assert bot.encoders() == 1


def test_a_number_of_encoders_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_ENCODER", "three")
    with pytest.raises(ImproperlyConfigured, match="on, off or two"):
        bot.encoders()


def test_an_entry_of_the_log_is_one_line() -> None:
    """`/api/sessions/x%0A…` is an address, too."""
    configurator = logging.config.DictConfigurator(settings.LOGGING)
    formatters: Any = settings.LOGGING["formatters"]
    formatter = configurator.configure_formatter(formatters["line"])
    record = logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": "path=%s", "args": ("a\r\nforged",)})
    assert formatter.format(record).endswith(r"INFO x path=a\r\nforged")


def test_a_traceback_keeps_its_lines() -> None:
    try:
        raise ValueError
    except ValueError as error:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": (type(error), error, error.__traceback__)})
    assert len(OneLineFormatter().format(record).splitlines()) > 2


def test_calls_of_the_api_pass_middleware_of_the_pages_in_its_order() -> None:
    paths = iter(settings.MIDDLEWARE)
    for middleware in API_MIDDLEWARE:
        assert f"{middleware.__module__}.{middleware.__qualname__}" in paths


def test_deployment_checks_see_what_is_not_there(settings: Any) -> None:
    settings.MIDDLEWARE = []
    found = checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=True)
    missing = {"security.W001", "security.W002", "security.W003"}
    assert missing <= {check.id for check in found if not check.is_silenced()}


def test_wait_limits_have_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAIT_LIMITS", raising=False)
    assert env.wait_limits() == (120, 300)


def test_wait_limits_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAIT_LIMITS", "30, 90")
    assert env.wait_limits() == (30, 90)


@pytest.mark.parametrize("text", ["120", "300,120", "0,5", "a,b", "1,2,3", "-1,2"])
def test_wait_limits_that_make_no_sense_are_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("WAIT_LIMITS", text)
    with pytest.raises(ImproperlyConfigured, match="WAIT_LIMITS"):
        env.wait_limits()


def test_without_a_server_letters_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMAIL_URL", raising=False)
    assert env.mail()["EMAIL_BACKEND"] == "django.core.mail.backends.console.EmailBackend"


def test_a_server_for_mail_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://me:p%40ss@mail.example.com:587")
    found = env.mail()
    wanted = {"EMAIL_HOST": "mail.example.com", "EMAIL_PORT": 587, "EMAIL_HOST_PASSWORD": "p@ss", "EMAIL_USE_TLS": True}
    assert wanted.items() <= found.items()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("EMAIL_URL", "https://mail.example.com"),
        ("MAIL_AFTER_MINUTES", "-1"),
        ("MAIL_AFTER_MINUTES", "721"),
        ("CHAT_URL", "chat.example.com"),
        ("CHAT_URL", "https://chat.example.com/#x"),
    ],
)
def test_settings_of_mail_that_make_no_sense_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(name, text)
    read = {"EMAIL_URL": env.mail, "MAIL_AFTER_MINUTES": env.mail_minutes, "CHAT_URL": env.chat_url}[name]
    with pytest.raises(ImproperlyConfigured, match=name):
        read()


def test_without_an_endpoint_the_bot_is_the_one_that_is_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_BASE_URL", raising=False)
    assert env.bot_base_url() == ""


def test_the_endpoint_of_the_bot_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_BASE_URL", "http://localhost:11434/v1/")
    assert env.bot_base_url() == "http://localhost:11434/v1"


@pytest.mark.parametrize(
    "text", ["models.example.org", "ftp://models.example.org", "https://?k=1", "https://x.example.org/?k=1"]
)
def test_an_endpoint_that_is_none_is_named_and_not_said(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What somebody has put there by mistake may be a key."""
    monkeypatch.setenv("BOT_BASE_URL", text)
    with pytest.raises(ImproperlyConfigured, match="BOT_BASE_URL") as caught:
        env.bot_base_url()
    assert text not in str(caught.value)
