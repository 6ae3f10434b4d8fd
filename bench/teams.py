"""What a request for a human costs the agents' pages: with one team, and with twenty teams of the same agents."""

from collections.abc import Sequence

from bench.figures import Figures
from bench.servers import Server, Site
from bench.streams import Streams
from bench.wire import get_stream

TEAM_COUNTS = (1, 20)
REQUESTS = 40  # a multiple of each
SETTLE_SECONDS = 1.0
MARK = b"event: transfer_request"


def measure_teams(figures: Figures, site: Site, server: Server, under: str, logins: Sequence[str]) -> None:
    """How many pages of these agents (agent-0, agent-1 …) hear of a request, and what that costs."""
    usernames = [f"agent-{number}" for number in range(len(logins))]
    for count in TEAM_COUNTS:
        teams = site.backstage.call("form_teams", usernames=usernames, count=count)
        names = [f"asks-{under}-{count}-{number}" for number in range(REQUESTS)]
        site.backstage.call("create_sessions", names=names)
        delivered, seconds = _ask(site, server, names, teams, logins)
        label = f"{count} team{'s'[: count - 1]} of the same agents"
        deliveries = figures.of(f"agents of {len(logins):,} who hear of a request, {label}", "", len(logins) / count)
        deliveries.record(under, delivered / REQUESTS)
        figures.of(f"workbench CPU for that, {label}", "ms").record(under, 1_000 * seconds / REQUESTS)
        site.backstage.call("give_up_teams", names=names)


def _ask(
    site: Site, server: Server, names: Sequence[str], teams: Sequence[int], logins: Sequence[str]
) -> tuple[int, float]:
    """How many deliveries the requests made, and the processor time that the server took until the last one."""
    streams = Streams(server.port, mark=MARK)
    streams.open([get_stream("/api/agent/events", f"Cookie: sessionid={key}") for key in logins])
    streams.read_for(SETTLE_SECONDS)
    used = server.cpu_seconds()
    site.backstage.call("ask_teams", names=names, teams=teams)
    streams.wait_for(len(names) * len(logins) // (len(teams) or 1))
    seconds = server.cpu_seconds() - used
    streams.read_for(SETTLE_SECONDS)  # what comes to anybody else comes soon
    delivered = streams.delivered
    streams.close()
    server.settle()
    return delivered, seconds
