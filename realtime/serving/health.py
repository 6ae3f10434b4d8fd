"""`/healthz`, `/readyz` and `/metrics` of a service."""

import asyncio
import hmac
import logging

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from realtime import process
from realtime.database import log_fault, read_database, seconds_without_a_writer
from realtime.database.threads import DatabaseBusy
from realtime.metrics import DATABASE_UP, read_database_gauges

logger = logging.getLogger(__name__)

# A health check does not wait long. More than a connection may take (POSTGRES_POOL_SECONDS).
READY_WITHIN_SECONDS = 2.5
# A thread that waits for a lock comes free sooner, refused (config/env.py); these wait for a database that is silent.
MAX_SECONDS_WITHOUT_A_WRITER = 4.0
LOOPBACK = frozenset({"127.0.0.1", "::1", ""})


async def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive."""
    return JsonResponse({"status": "ok"})


async def readyz(request: HttpRequest) -> HttpResponse:
    """200 while the database answers; `redis` says whether events take the fast path. Never takes long itself."""
    if process.current().streams.is_draining:
        return JsonResponse({"status": "draining"}, status=503)
    database = await _state_of_database()
    redis = "ok" if process.current().layer.reaches_others else "degraded"
    return JsonResponse({"database": database, "redis": redis}, status=200 if database == "ok" else 503)


async def _state_of_database() -> str:
    """`busy`: this process's threads get no answer; a restart or another process may fare better."""
    if seconds_without_a_writer() > MAX_SECONDS_WITHOUT_A_WRITER:
        return "busy"
    try:
        async with asyncio.timeout(READY_WITHIN_SECONDS):
            await read_database(_ask_database)
    except (DatabaseBusy, TimeoutError):
        return "busy"
    except DatabaseError:
        return "unavailable"
    return "ok"


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for loopback or with METRICS_TOKEN; else a 404."""
    if not _may_read_metrics(request):
        return JsonResponse({"error": {"code": "NOT_FOUND", "message": "There is nothing here."}}, status=404)
    try:
        await read_database(read_database_gauges)
        DATABASE_UP.set(1)
    except DatabaseError as error:
        DATABASE_UP.set(0)
        log_fault(logger, error, "metrics without those of the database")
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    token = getattr(settings, "METRICS_TOKEN", "")
    if token:
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    return request.META.get("REMOTE_ADDR", "") in LOOPBACK and "HTTP_X_FORWARDED_FOR" not in request.META
