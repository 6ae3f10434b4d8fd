"""Django admin: what supervisors see and change there."""

from workbench.admin import agents, conversations, event_log, teams

__all__ = ["agents", "conversations", "event_log", "teams"]
