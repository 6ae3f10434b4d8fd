"""Django admin: what supervisors see and change there."""

from workbench.admin import agents, availability, bots, conversations, event_log, knowledge, learning, rules, teams

__all__ = ["agents", "availability", "bots", "conversations", "event_log", "knowledge", "learning", "rules", "teams"]
