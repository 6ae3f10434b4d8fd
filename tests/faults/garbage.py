"""What no honest program sends, from a seed: requests with odd paths, headers, positions, bodies; messages on Redis."""

import json
import random
from collections.abc import Callable

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "X" * 300, "G\x00T", "PO ST", ""]
PATHS = [
    "/", "/api/sessions", "/api/sessions/queue", "/api/sessions/{name}", "/api/sessions/{name}/messages",
    "/api/sessions/{name}/events", "/api/sessions/{name}/escalate", "/api/sessions/{name}/cancel-escalation",
    "/api/sessions/{name}/takeover", "/api/sessions/{name}/release", "/api/sessions/{name}/close",
    "/api/agent/events", "/login/", "/logout/", "/admin/", "/admin/login/", "/healthz", "/readyz", "/metrics",
    "/language/", "/jsi18n/", "/static/{name}", "/static/browser/kit/page.js", "/{name}", "//", "*", "http://elsewhere/",
]  # fmt: skip
PIECES = [
    "..", "%00", "%0d%0aSet-Cookie:x", "%ff%fe", "%", "%zz", "\\", "../../etc/passwd", "é", "%F0%9F%98%80", "a" * 70,
    "a" * 5_000, "'", '"', "<script>", "{}", "?", "#", ";", "%2e%2e%2f", "s-1", "-1", "0", "1e999", "null", "\ud7ff",
]  # fmt: skip
POSITIONS = [
    "c:abc", "sse_broadcast:-1", "sse_broadcast:99999999999999999999", "sse_broadcast:1,sse_broadcast:2", ",", ":",
    "sse_session_s-1", "sse_session_s-1:", ":1", "%", "%zz:1", "é:1", "sse_broadcast:١", "sse_broadcast:1_0",
    "sse_broadcast: 1", "x" * 5_000, ",".join(f"c{number}:1" for number in range(50)), "error", "sse_broadcast:0x1",
]  # fmt: skip
QUERIES = [
    "lastEventId=", "lastEventId={position}", "es-meta=garbage", "recover=true", "link=next", "channel=x", "limit=-1",
    "limit=1e9", "before=%00", "before=99999999999999999999", "watch={name}", "watch=" + "&watch=".join("abcdefghijkl"),
    "q=%00", "q=%25_", "status=gone", "mine=2", "&&&=&", "a" * 3_000, "next=//elsewhere", "next=javascript:1",
]  # fmt: skip
COOKIES = [
    "chat_browser={name}", "sessionid={name}", "csrftoken={name}", "a=b; ; =; c", "chat_browser=x:y:z", '"',
    "\xff=\xfe",    "sessionid=" + "a" * 3_000, "$Version=1", "a" * 200,
]  # fmt: skip
TYPES = [
    "application/json", "application/json; charset=utf-16", "application/json; charset=nope", "text/plain", "", "/",
    "a/b/c",    "multipart/form-data", "multipart/form-data; boundary=", "application/x-www-form-urlencoded", "x" * 500,
]  # fmt: skip
BODIES = [
    "", "{", "[]", "null", "1", '"text"', "{}", '{"content":null}', '{"content":1,"client_id":1}', '{"content":[]}',
    '{"content":"a\\u0000","client_id":"x"}', '{"content":"\\ud800","client_id":"x"}', '{"content":"","client_id":""}',
    '{"content":"a","client_id":"%s"}' % ("k" * 100), '{"content":"%s","client_id":"k"}' % ("x" * 5_000), "[" * 20_000,
    '{"a":' * 5_000, "NaN", '{"content":NaN}', '{"reason":{"a":1}}', '{"customer":"x"}',
    '{"customer":{"name":"%s"}}' % ("n" * 300),
    '{"force":"yes"}', "\x00\x01\xff", "x" * 70_000, '{"content":1e999}', '{"content":%s}' % ("9" * 5_000), "\ufeff{}",
    "csrfmiddlewaretoken=x&username=a&password=b", "--x\r\n\r\n--x--",
]  # fmt: skip
HEADERS = [
    "Authorization: Bearer ", "Authorization: Bearer {name}", "Authorization: Basic !!!", "Authorization: \xff",
    "Origin: null", "Origin: http://elsewhere", "Origin: \xff", "Host: elsewhere", "Host: [", "Host: a_b:99999",
    "Host:",
    "X-Forwarded-For: 1.2.3.4", "X-CSRFToken: {name}", "Accept-Language: {name}", "Accept-Language: zh-hans;q=x",
    "If-Modified-Since: {name}", "If-None-Match: {name}", "Range: bytes=9-1", "Expect: 100-continue",
    "Transfer-Encoding: chunked", "Transfer-Encoding: {name}", "Content-Length: -1", "Content-Length: {name}",
    "Content-Encoding: gzip", "Upgrade: websocket\r\nConnection: Upgrade", "Accept: \xff", "no colon", ": no name",
    "A" * 20_000,
]  # fmt: skip

# Whatever Python's json module takes for JSON, and what it does not.
MESSAGES = [
    '{"type":"tick","payload":{"n":%d}}', '{"type":"reset","payload":{"n":%d}}',
    '{"type":"tick","payload":{"a":"\\ud800"},"n":%d}', '{"type":"tick","payload":{"\\udc00":%d}}',
    '{"type":"tick","payload":{"a":NaN,"n":%d}}', '{"type":"tick","payload":{"a":-Infinity,"n":%d}}', '[%d]', "%d",
    '{"type":"tick","payload":{"a":1e999,"n":%d}}', '{"type":"tick\\n","payload":{"n":%d}}', '{"payload":{"n":%d}}',
    '{"type":"tick","payload":{"n":%d},"id":0}', '{"type":"tick","payload":[%d]}', '{"type":"tick","payload":{"n":%d}',
    '{"type":"tick","payload":{"a":' + "[" * 900 + "%d" + "]" * 900 + "}}",
]  # fmt: skip
ENCODINGS = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"]


def make_message(chance: random.Random) -> bytes:
    """A message that is no event, as another program might publish it."""
    text = chance.choice(MESSAGES)
    encoding = "utf-8" if text != MESSAGES[0] and chance.random() < 0.6 else chance.choice(ENCODINGS)
    return (text % chance.randrange(1_000)).encode(encoding)


def make_request(chance: random.Random) -> bytes:
    """One request, or what a port scanner might send instead."""
    if chance.random() < 0.02:
        return chance.randbytes(chance.randrange(1, 400)) + b"\r\n\r\n"
    fill = {"name": _name(chance), "position": chance.choice(POSITIONS)}
    path = chance.choice(PATHS)
    if chance.random() < 0.4:
        path += "?" + chance.choice(QUERIES)
    method = chance.choice(["GET", "POST"]) if chance.random() < 0.85 else chance.choice(METHODS)
    lines = [f"{method} {_filled(path, fill)} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [_filled(header, fill) for header in chance.sample(HEADERS, chance.choice([0, 0, 1, 2]))]
    _maybe(chance, 0.3, lambda: lines.append(f"Last-Event-ID: {chance.choice(POSITIONS)}"))
    _maybe(chance, 0.3, lambda: lines.append(f"Cookie: {_filled(chance.choice(COOKIES), fill)}"))
    body = chance.choice(BODIES).encode("utf-8", "surrogatepass") if chance.random() < 0.6 else b""
    if body:
        lines += [f"Content-Type: {chance.choice(TYPES[:1] * 8 + TYPES)}"]
        lines += [f"Content-Length: {len(body) + (chance.choice([-1, 1]) if chance.random() < 0.05 else 0)}"]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8", "replace") + body


def _name(chance: random.Random) -> str:
    return "".join(chance.choice(PIECES) for _ in range(chance.choice([1, 1, 2])))


def _filled(template: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def _maybe(chance: random.Random, probability: float, act: Callable[[], None]) -> None:
    if chance.random() < probability:
        act()


def describe(request: bytes) -> str:
    """The beginning of a request, for a report."""
    return json.dumps(request[:300].decode("latin-1"))
