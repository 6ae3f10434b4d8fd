"""`/healthz`, `/readyz` and `/metrics` of a service."""

import hmac
import logging

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from realtime import process
from realtime.database import read_database
from realtime.metrics import DATABASE_UP, read_database_gauges

logger = logging.getLogger(__name__)

LOOPBACK = frozenset({"127.0.0.1", "::1", ""})


async def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive."""
    return JsonResponse({"status": "ok"})


async def readyz(request: HttpRequest) -> HttpResponse:
    """200 while the database answers; `redis` says whether events take the fast path."""
    if process.current().streams.is_draining:
        return JsonResponse({"status": "draining"}, status=503)
    redis = "ok" if process.current().layer.reaches_others else "degraded"
    try:
        await read_database(_ask_database)
    except DatabaseError:
        return JsonResponse({"database": "unavailable", "redis": redis}, status=503)
    return JsonResponse({"database": "ok", "redis": redis})


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for loopback or whoever shows METRICS_TOKEN; a 404 for everyone else."""
    if not _may_read_metrics(request):
        return JsonResponse({"error": {"code": "NOT_FOUND", "message": "There is nothing here."}}, status=404)
    try:
        await read_database(read_database_gauges)
        DATABASE_UP.set(1)
    except DatabaseError as error:
        DATABASE_UP.set(0)
        logger.warning("metrics without those of the database: %s", type(error).__name__)
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    if token:
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    return request.META.get("REMOTE_ADDR", "") in LOOPBACK and "HTTP_X_FORWARDED_FOR" not in request.META
