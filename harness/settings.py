"""The product's settings for services that tests start: a password is hashed in no time, instead of 0.3 s a login."""

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
