"""Attempts to log in."""

from django.db import models
from django.db.models.functions import Now

MAX_ADDRESS_LENGTH = 50


class LoginAttempt(models.Model):
    """One attempt to log in; failed until its password was right. workbench/access/login_attempts.py counts them.

    Of the name only a keyed digest is kept: people type passwords into the wrong field.
    """

    at = models.DateTimeField(db_default=Now())
    address = models.CharField(max_length=MAX_ADDRESS_LENGTH)
    account = models.CharField(max_length=64)
    succeeded = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["address", "at"], name="login_by_address"),
            models.Index(fields=["account", "at"], name="login_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.at}"
