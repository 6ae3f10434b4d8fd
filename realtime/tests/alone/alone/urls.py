from django.urls import path

from realtime import health

urlpatterns = [path("readyz", health.readyz)]
