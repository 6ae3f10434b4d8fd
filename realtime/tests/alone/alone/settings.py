"""The smallest project that uses `realtime`."""

import os

SECRET_KEY = "alone"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["daphne", "channels", "django_eventstream", "realtime"]
ROOT_URLCONF = "alone.urls"
ASGI_APPLICATION = "alone.asgi.application"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["ALONE_DATABASE"],
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "realtime.layers.DegradingChannelLayer",
        "CONFIG": {"hosts": [{"address": os.environ["ALONE_REDIS"]}]},
    }
}
EVENTSTREAM_STORAGE_CLASS = "realtime.eventstream.LogStorage"
EVENTSTREAM_CHANNELMANAGER_CLASS = "realtime.eventstream.GroupChannelManager"
REALTIME_KINDS = ["order", "session"]
REALTIME_SOURCES = ["shop"]
REALTIME_RETENTION_DAYS = 7
METRICS_TOKEN = ""
USE_TZ = True
