from django.urls import path

from realtime.serving import health

urlpatterns = [path("readyz", health.readyz)]
