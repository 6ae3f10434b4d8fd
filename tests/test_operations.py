"""docs/operations.md is complete, and what it tells to do works."""

import os
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
from config.development.valkey import valkey_command
from harness.ports import take_port
from harness.programs import HOST, Program, Valkey, wait_until
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


def answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.exceptions.ConnectionError:
        return False


def test_redis_of_compose_is_for_those_with_its_password(tmp_path: Path) -> None:
    compose, place = (DEPLOY / "compose.yaml").read_text(), "/etc/valkey/handover.acl"
    assert f"  configs: [{{source: redis-acl, target: {place}}}]\n" in compose
    [command] = re.findall(r"^  command: \[valkey-server, (.*)\]$", compose, re.MULTILINE)
    arguments = [word.strip('"').replace(place, str(tmp_path / "acl")) for word in command.split(", ")]
    rights = (DEPLOY / "redis.acl.example").read_text().splitlines(keepends=True)
    (tmp_path / "acl").write_text("".join(line for line in rights if not line.startswith("#")))
    port = take_port()
    valkey = Program("valkey", [*valkey_command(port), *arguments], tmp_path / "valkey.log", os.environ)
    valkey.launch()
    try:
        wait_until("it answers who has the password", lambda: answers(f"redis://handover:CHANGE@{HOST}:{port}"))
        assert not answers(f"redis://{HOST}:{port}")
    finally:
        valkey.kill()


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
    parts = {"valkey/valkey": 3, "postgres": 2, "nginx": 3, "python": 3}
    versions = dict(image.split(":") for image in images)
    assert versions.keys() == parts.keys()
    for name, version in versions.items():
        assert re.fullmatch(rf"\d+(\.\d+){{{parts[name] - 1}}}(-[a-z]+)?", version), f"{name}:{version}"


def test_nginx_of_compose_finds_a_container_that_was_made_anew() -> None:
    text, compose = (DEPLOY / "nginx/compose.upstreams.conf").read_text(), (DEPLOY / "compose.yaml").read_text()
    assert "./nginx/compose.upstreams.conf:/etc/nginx/conf.d/upstreams.conf:ro" in compose
    assert "\nresolver 127.0.0.11 valid=5s;\n" in text
    for service, port in (("chatbot", 8000), ("workbench", 8002)):
        [upstream] = re.findall(rf"^upstream {service} {{\n(.*?)^}}", text, re.MULTILINE | re.DOTALL)
        assert f"    zone {service} 64k;\n" in upstream
        assert f"    server {service}:{port} resolve " in upstream
        assert f'command: [serve, {service}, --host, 0.0.0.0, --port, "{port}"]' in compose


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
        "SystemCallFilter=~@privileged",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
    ):
        assert f"\n{line}\n" in texts[0]
