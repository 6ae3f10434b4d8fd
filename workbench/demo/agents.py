"""The people of the demonstration."""

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group, User
from django.db import transaction

from workbench.access.agents import SUPERVISORS

AGENTS = {"alice": "Alice", "bob": "Bob"}
SUPERVISOR = ("carol", "Carol")
USERNAMES = (*AGENTS, SUPERVISOR[0])


def all_exist() -> bool:
    return User.objects.filter(username__in=USERNAMES).count() == len(USERNAMES)


def create_demo_agents(password: str) -> None:
    """Create the agents alice and bob and the supervisor carol, who may also use the admin; give all this password.

    Idempotent: of those who exist only a different password is changed, which ends their login sessions.
    """
    supervisor, supervisors_name = SUPERVISOR
    # Before the transaction: a hash takes a second on a busy machine, for which others would wait for its locks.
    hashes = {username: _hash_for(username, password) for username in USERNAMES}
    with transaction.atomic():
        for username, name in AGENTS.items():
            _create(username, name, hashes[username], is_supervisor=False)
        carol = _create(supervisor, supervisors_name, hashes[supervisor], is_supervisor=True)
        carol.groups.add(Group.objects.get_or_create(name=SUPERVISORS)[0])


def _hash_for(username: str, password: str) -> str:
    """The stored hash of this user if it is that of the password, else one that is."""
    stored = User.objects.filter(username=username).values_list("password", flat=True).first()
    return stored if stored is not None and check_password(password, stored) else make_password(password)


def _create(username: str, name: str, password_hash: str, *, is_supervisor: bool) -> User:
    rights = {"is_staff": is_supervisor, "is_superuser": is_supervisor}
    user, _ = User.objects.get_or_create(
        username=username, defaults={"first_name": name, "password": password_hash, **rights}
    )
    if user.password != password_hash:
        user.password = password_hash
        user.save(update_fields=["password"])
    return user
