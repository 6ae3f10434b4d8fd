"""Settings of bench/stock.py: what django-eventstream asks for, and nothing else."""

import os
import secrets

SECRET_KEY = secrets.token_hex()
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.stock"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "channels", "django_eventstream"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
if database := os.environ.get("STOCK_DATABASE"):
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}}
    EVENTSTREAM_STORAGE_CLASS = "django_eventstream.storage.DjangoModelStorage"
