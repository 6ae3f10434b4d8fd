from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RealtimeConfig(AppConfig):
    name = "realtime"
    verbose_name = _("Events")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from realtime import checks  # noqa: F401  registers the system checks
        from realtime.log.retention import measure_log
        from realtime.metrics import read_at_scrape

        read_at_scrape(measure_log)
