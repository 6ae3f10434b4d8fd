"""A conversation, its messages, and a log of events."""

from django.conf import settings
from django.db import models


class Conversation(models.Model):
    name = models.CharField(max_length=64, unique=True)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    last_message = models.TextField(default="")
    objects: models.Manager["Conversation"] = models.Manager()

    class Meta:
        app_label = "reference"

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE)
    content = models.TextField()
    client_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    objects: models.Manager["Message"] = models.Manager()

    class Meta:
        app_label = "reference"

    def __str__(self) -> str:
        return self.content


class Event(models.Model):
    channel = models.CharField(max_length=100, db_index=True)
    type = models.CharField(max_length=50)
    data = models.JSONField()
    objects: models.Manager["Event"] = models.Manager()

    class Meta:
        app_label = "reference"

    def __str__(self) -> str:
        return self.type
