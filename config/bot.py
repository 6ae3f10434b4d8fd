"""What the environment says of the bot that is built in."""

from django.core.exceptions import ImproperlyConfigured

from config import env

# Of BOT_ENCODER: how many find by meaning.
ENCODERS = {
    **dict.fromkeys(("off", "false", "no", "n", "0", ""), 0),
    **dict.fromkeys(("on", "true", "ok", "yes", "y", "1"), 1),
    "two": 2,
}


def encoders() -> int:
    """BOT_ENCODER: how many encoders find by meaning; 0 is off."""
    said = env.text("BOT_ENCODER", "on").lower()
    if said not in ENCODERS:
        raise ImproperlyConfigured(f"BOT_ENCODER is {said!r}; use on, off or two.")
    return ENCODERS[said]
