from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "realtime"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from realtime import checks  # noqa: F401  registers the system checks
        from realtime.log.retention import measure_log
        from realtime.metrics import read_at_scrape

        read_at_scrape(measure_log)
