"""PostgreSQL is away for a while: everybody is told when to come back, and served as soon as it is there again."""

import time
from contextlib import ExitStack

import httpx

from harness.programs import HOST, wait_until
from harness.sideways import FORWARDED, Site
from tests.sideways.posting import customer_of

AWAY_SECONDS = 17.0  # psycopg's pool would try again after 1, 3, 7, 15 and 31 seconds
BACK_SECONDS = 4.0


def test_a_database_that_comes_back_is_used_at_once(site: Site) -> None:
    with ExitStack() as stack:
        customer = stack.enter_context(customer_of(site.chatbots[0]))

        def page() -> httpx.Response:
            """The desk, for somebody whose login is looked up."""
            headers = {**FORWARDED, "Cookie": f"__Host-sessionid={'x' * 32}"}
            return httpx.get(f"http://{HOST}:{site.workbenches[0].port}/", headers=headers, timeout=20)

        assert (customer.post("before").status_code, page().status_code) == (201, 302)
        site.postgresql.stop()
        try:
            away_since = time.monotonic()
            while time.monotonic() - away_since < AWAY_SECONDS:
                for answer in (customer.post("meanwhile"), page()):
                    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "1")
        finally:
            site.postgresql.start_again()
        wait_until("a customer is served", lambda: customer.post("after").status_code == 201, BACK_SECONDS)
        wait_until("a page is served", lambda: page().status_code == 302, BACK_SECONDS)
        for worker in (*site.chatbots, *site.workbenches):
            wait_until(f"{worker.name} is ready", worker.is_ready, BACK_SECONDS)
