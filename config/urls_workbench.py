"""URLs of the workbench service (its streams are in workbench/api/streams.py)."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.decorators.gzip import gzip_page
from django.views.i18n import JavaScriptCatalog

from chatbot.web.language import set_language
from realtime.serving import health
from workbench import views

urlpatterns = [
    path("", views.workbench_page, name="workbench"),
    path("", include("workbench.api.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("language/", set_language, name="language"),
    path("jsi18n/", gzip_page(JavaScriptCatalog.as_view()), name="jsi18n"),
    path("admin/login/", views.admin_login),
    path("admin/", admin.site.urls),
]

handler400 = "chatbot.web.error_pages.bad_request"
handler404 = "chatbot.web.error_pages.not_found"
handler500 = "chatbot.web.error_pages.server_error"
