"""The people of the demonstration."""

from django.contrib.auth.models import Group, User
from django.db import transaction

from workbench.access import SUPERVISORS

AGENTS = {"alice": "Alice", "bob": "Bob"}
SUPERVISOR = ("carol", "Carol")


def create_demo_agents(password: str) -> None:
    """Create the agents alice and bob and the supervisor carol, who may also use the admin; give all this password.

    Idempotent: of those who exist only a different password is changed, which ends their login sessions.
    """
    with transaction.atomic():
        for username, name in AGENTS.items():
            _create(username, name, password, is_supervisor=False)
        username, name = SUPERVISOR
        carol = _create(username, name, password, is_supervisor=True)
        carol.groups.add(Group.objects.get_or_create(name=SUPERVISORS)[0])


def _create(username: str, name: str, password: str, *, is_supervisor: bool) -> User:
    user, created = User.objects.get_or_create(
        username=username,
        defaults={"first_name": name, "is_staff": is_supervisor, "is_superuser": is_supervisor},
    )
    if created or not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return user
