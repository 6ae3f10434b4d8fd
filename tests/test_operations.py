"""docs/operations.md is complete, and what it tells to do works."""

import re
from pathlib import Path

import httpx
import pytest
import redis
from django.db import connection
from django.utils import timezone
from prometheus_client import REGISTRY

import chatbot.bot.metrics  # noqa: F401  registers what it counts
from chatbot.conversations.answering import stream_of
from chatbot.models import BotTurn, Message, Role
from chatbot.tests.customer import make_session
from harness.programs import Valkey, wait_until
from harness.services import Service, fill_database, make_environment
from harness.trust import trust
from realtime import api, log
from realtime.delivery.opening import _start
from realtime.groups import BROADCAST

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs/operations.md"
DEPLOY = ROOT / "deploy"
OURS = ("sse_", "chat_")


def metric_names() -> set[str]:
    """Our metrics as Prometheus shows them."""
    families = [family for family in REGISTRY.collect() if family.name.startswith(OURS)]
    return {family.name + ("_total" if family.type == "counter" else "") for family in families}


def run_documented_statement(chapter: str) -> None:
    """Do what this chapter of the document says to do."""
    [text] = re.findall(rf"^## {chapter}\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    [statement] = re.findall(r"^```sql\n(.*?)```", text, re.MULTILINE | re.DOTALL)
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_metric_is_documented() -> None:
    assert metric_names() - set(re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)) == set()


def test_every_documented_metric_exists() -> None:
    documented = set(re.findall(rf"`((?:{'|'.join(OURS)})\w+)`", DOCUMENT.read_text()))
    assert documented - metric_names() == set()


@pytest.mark.django_db
def test_after_a_restore_every_old_position_is_reset() -> None:
    """The log went back from 5 to 3; without more, the number 4 would be given out twice."""
    for _ in range(3):
        api.broadcast("tick", {})
    run_documented_statement("Backup and restore")
    following = api.broadcast("tick", {})
    resets = [_start(number, log.heads([BROADCAST])[BROADCAST]).reset for number in range(1, 6)]
    assert resets == [True] * 5
    assert log.heads([BROADCAST])[BROADCAST].last == following == 1_000_004


@pytest.mark.django_db
def test_after_a_restore_a_fresh_position_is_followed_without_reset() -> None:
    api.broadcast("tick", {})
    run_documented_statement("Backup and restore")
    position = log.heads([BROADCAST])[BROADCAST].last
    following = api.broadcast("tick", {})
    start = _start(position, log.heads([BROADCAST])[BROADCAST])
    assert (start.reset, start.after, start.upto) == (False, position, following)


@pytest.mark.django_db
def test_before_older_code_an_interrupted_answer_gives_its_name_back() -> None:
    session = make_session()
    question = Message.objects.create(session=session, role=Role.CUSTOMER, sender="customer", client_id="q")
    turn = BotTurn.objects.create(message=question, lease_until=timezone.now(), fragments=1)
    names = [stream_of(BotTurn(message=question)), stream_of(turn)]
    for name in names:
        Message.objects.create(session=session, role=Role.BOT, sender="bot", client_id=name)
    run_documented_statement("Upgrades")
    kept = Message.objects.filter(role=Role.BOT).order_by("id").values_list("client_id", flat=True)
    assert list(kept) == [f"{names[0]}-1", names[1]]


def test_compose_gives_redis_the_rights_of_the_example() -> None:
    example = [line for line in (DEPLOY / "redis.acl.example").read_text().splitlines() if not line.startswith("#")]
    [content] = re.findall(r"^    content: \|\n((?:      .*\n)+)", (DEPLOY / "compose.yaml").read_text(), re.MULTILINE)
    lines = [line.removeprefix("      ").replace("${REDIS_PASSWORD:?}", "CHANGE") for line in content.splitlines()]
    assert lines == example


def test_services_need_no_more_rights_on_redis_than_those_of_the_example(tmp_path: Path) -> None:
    [rights] = re.findall(r"^user handover (.*)$", (DEPLOY / "redis.acl.example").read_text(), re.MULTILINE)
    valkey = Valkey(tmp_path)
    fill_database(tmp_path / "db.sqlite3")
    url = valkey.url.replace("redis://", "redis://handover:CHANGE@")
    service = Service("chatbot", tmp_path, make_environment(tmp_path / "db.sqlite3", url))
    try:
        valkey.start()
        with redis.Redis.from_url(valkey.url) as client:
            client.execute_command("ACL", "SETUSER", "handover", *rights.split())
        service.start()
        wait_until("it uses redis", lambda: httpx.get(f"{service.url}/readyz", verify=trust()).json()["redis"] == "ok")
        with redis.Redis.from_url(url) as client, pytest.raises(redis.exceptions.NoPermissionError):
            client.set("sse:stored", 1)
    finally:
        service.kill()
        valkey.kill()


def test_no_password_is_an_argument_of_a_process() -> None:
    """Arguments are for every user of the machine to see."""
    for line in (DEPLOY / "compose.yaml").read_text().splitlines():
        if "command:" in line or "test:" in line:
            assert "PASSWORD" not in line
            assert "SECRET" not in line


def test_images_are_named_by_exact_version() -> None:
    compose, dockerfile = (DEPLOY / "compose.yaml").read_text(), (DEPLOY / "Dockerfile").read_text()
    images = [*re.findall(r"image: (\S+)", compose), *re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)]
    assert len(images) == 4
    for image in images:
        assert re.search(r":\d+\.\d+(\.\d+)?(-|$)", image), image


def test_every_server_of_nginx_takes_tls_1_2_and_1_3_alone() -> None:
    for name in ("handover.conf", "handover.inc"):
        text = (DEPLOY / "nginx" / name).read_text()
        assert re.findall(r"^ *ssl_protocols (.*);$", text, re.MULTILINE) == ["TLSv1.2 TLSv1.3"], name


def test_both_units_may_do_the_same_and_no_more() -> None:
    texts = [(DEPLOY / f"systemd/handover-{name}@.service").read_text() for name in ("chatbot", "workbench")]
    assert texts[0].replace("chatbot", "workbench") == texts[1]
    for line in (
        "CapabilityBoundingSet=",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "SystemCallFilter=@system-service",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
    ):
        assert f"\n{line}\n" in texts[0]
