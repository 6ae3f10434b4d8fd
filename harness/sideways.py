"""The product as in production, on loopback: PostgreSQL, nginx as in deploy/, two shards, two processes a service."""

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from harness.clients import AgentClient
from harness.packages import find_program
from harness.ports import take_port
from harness.programs import HOST, ROOT, START_SECONDS, Program, Valkey, wait_until
from harness.services import make_environment, run_command
from harness.trust import trust

FORWARDED = {"X-Forwarded-Proto": "https"}
DATABASE_OWNER = "postgres"
# A database as `migrate` leaves it, for tests that need one of their own; nobody is connected to it.
MIGRATED = "migrated"
# Of a cluster that is thrown away: nothing of it has to outlive the machine.
UNSYNCED = ("fsync=off", "full_page_writes=off")


class PostgreSQL(Program):
    """A cluster of its own. It refuses to run as root, who therefore starts it as the user that owns its files."""

    def __init__(self, folder: Path, settings: Sequence[str] = ()) -> None:
        self.port = take_port()
        self.url = self.url_of("handover")
        self._data = folder / "data"
        self._as_owner: list[str] = []
        if os.geteuid() == 0:
            owner = pwd.getpwnam(DATABASE_OWNER)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            # A change of user drops the signal that ends it with this process, so setpriv asks for that again.
            ids = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--pdeathsig=KILL"]
            self._as_owner = [str(find_program("setpriv")), *ids]
        command = [
            *self._as_owner,
            str(find_program("postgres")),
            *("-D", str(self._data), "-p", str(self.port), "-h", HOST, "-k", str(folder)),
            *(word for setting in settings for word in ("-c", setting)),
        ]
        super().__init__("postgresql", command, folder.parent / "postgresql.log", os.environ)

    def start(self) -> None:
        """Make the cluster and its database, and wait until it answers."""
        initdb = [str(find_program("initdb")), "-D", str(self._data), "-U", DATABASE_OWNER, "-E", "UTF8"]
        self._run(*self._as_owner, *initdb, "--auth=trust", "--no-sync")
        self.launch()
        wait_until("postgresql answers", self._is_ready, START_SECONDS)
        self._run(str(find_program("createdb")), *self._address, "handover")

    def url_of(self, database: str) -> str:
        return f"postgres://{DATABASE_OWNER}@{HOST}:{self.port}/{database}"

    def copy(self, database: str, name: str) -> str:
        """Make a database that is a copy of one to which nobody is connected; return its URL."""
        self._run(str(find_program("createdb")), *self._address, "--template", database, name)
        return self.url_of(name)

    def start_again(self) -> None:
        """After `stop`, with the same data."""
        self.launch()
        wait_until("postgresql answers", self._is_ready, START_SECONDS)

    def stop(self) -> None:
        """End it in order: killed, it would leave shared memory behind."""
        if self.is_alive():
            self.send_signal(signal.SIGINT)
            self.wait()

    @contextlib.contextmanager
    def locked_row(self, table: str, column: str, value: str) -> Iterator[None]:
        """Hold the lock of one row, as somebody may who forgets a transaction in psql."""
        with psycopg.connect(self.url) as connection:
            found = connection.execute(f"SELECT 1 FROM {table} WHERE {column} = %s FOR UPDATE", [value])
            assert found.fetchone(), f"there is no {value} in {table}"
            yield

    def backends(self, condition: str) -> list[int]:
        """The sessions of the product, in pg_stat_activity, of which this is true."""
        query = f"SELECT pid FROM pg_stat_activity WHERE datname = 'handover' AND {condition}"
        with psycopg.connect(self.url) as connection:
            return [pid for (pid,) in connection.execute(query)]

    def pause(self) -> None:
        """Stop all of it as a machine that hangs: its connections stay open and nothing answers."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        self.send_signal(number)  # first, so that it starts no more
        for child in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split():
            with contextlib.suppress(ProcessLookupError):  # it was just ending
                os.kill(int(child), number)

    @property
    def _address(self) -> list[str]:
        return ["-h", HOST, "-p", str(self.port), "-U", DATABASE_OWNER]

    def _is_ready(self) -> bool:
        assert self.is_alive(), f"postgresql ended:\n{self.tail()}"
        command = [str(find_program("pg_isready")), *self._address]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command} failed:\n{done.stdout}{done.stderr}"


class Worker(Program):
    """One process of a service: under daphne by `manage.py serve`, or under uvicorn."""

    may_be_forked = True

    def __init__(self, service: str, server: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.port = take_port()
        by_server = {
            "daphne": ["manage.py", "serve", service, "--port", str(self.port)],
            "uvicorn": ["-m", "uvicorn", f"config.asgi:{service}", "--port", str(self.port), "--log-level=warning"],
        }
        name = f"{service}-{server}"
        super().__init__(name, [sys.executable, *by_server[server]], folder / f"{name}.log", environment)

    def is_ready(self) -> bool:
        assert self.is_alive(), f"{self.name} ended:\n{self.tail()}"
        try:
            answer = httpx.get(f"http://{HOST}:{self.port}/readyz", headers=FORWARDED, timeout=2, verify=trust())
        except httpx.TransportError:
            return False
        return answer.status_code == 200


class Nginx(Program):
    """nginx with the files of deploy/nginx, changed only where an installation changes them, too.

    `limits` are more changes, for a test that wants to reach them: {what the files say: what they shall say}.
    """

    def __init__(
        self,
        folder: Path,
        chatbots: list[Worker],
        workbenches: list[Worker],
        limits: Mapping[str, str] | None = None,
    ) -> None:
        self.ports = {"chatbot": take_port(), "workbench": take_port()}
        self.plain_port = take_port()
        self.certificate = folder / "certificate.pem"
        self._folder = folder
        self._limits = limits or {}
        self._upstreams = {"chatbot": chatbots, "workbench": workbenches}
        command = [str(find_program("nginx")), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        super().__init__("nginx", command, folder / "nginx.log", os.environ)

    def url(self, service: str) -> str:
        return f"https://{HOST}:{self.ports[service]}"

    def start(self) -> None:
        self._make_certificate()
        (self._folder / "upstreams.conf").write_text(self._fill_upstreams())
        (self._folder / "handover.conf").write_text(self._limit(self._fill_servers()))
        (self._folder / "handover.inc").write_text(self._limit(self._fill_locations()))
        (self._folder / "nginx.conf").write_text(
            # One process, which can be killed as a whole.
            f"daemon off; master_process off; pid {self._folder}/nginx.pid; error_log stderr warn;\n"
            "events { worker_connections 4096; }\n"
            f"http {{ access_log off; {self._temporary_folders()} include upstreams.conf; include handover.conf; }}\n"
        )
        self.launch()
        wait_until("nginx answers", self._is_ready, START_SECONDS)

    def _is_ready(self) -> bool:
        assert self.is_alive(), f"nginx ended:\n{self.tail()}"
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url('chatbot')}/healthz", verify=trust()).status_code == 200
        return False

    def _temporary_folders(self) -> str:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        return " ".join(f"{kind}_temp_path {self._folder}/{kind};" for kind in kinds)

    def _fill_upstreams(self) -> str:
        text = (ROOT / "deploy/nginx/upstreams.conf").read_text()
        for service, first in (("chatbot", 8000), ("workbench", 8002)):
            for offset, worker in enumerate(self._upstreams[service]):
                text = _replace(text, f"{HOST}:{first + offset} ", f"{HOST}:{worker.port} ")
        return text

    def _fill_servers(self) -> str:
        """With ports of its own, where nothing but its names tells a service from the server for unknown names."""
        text = (ROOT / "deploy/nginx/handover.conf").read_text()
        default = "listen 443 ssl http2 default_server backlog=4096;"
        ours = [default.replace("443", f"{HOST}:{port}") for port in self.ports.values()]
        text = _replace(text, default, " ".join(ours))
        for service, name in (("chatbot", "chat.example.com"), ("workbench", "agents.example.com")):
            listen = f"listen {HOST}:{self.ports[service]} ssl http2;\n    server_name {HOST};"
            text = _replace(text, f"listen 443 ssl http2;\n    server_name {name};", listen)
            text = _replace(text, f"/etc/nginx/certificates/{name}.pem", str(self.certificate))
            text = _replace(text, f"/etc/nginx/certificates/{name}.key", str(self.certificate))
        assert "listen 443" not in text
        text = text.replace("listen 80", f"listen {HOST}:{self.plain_port}")
        return _replace(text, "/etc/nginx/handover.inc", str(self._folder / "handover.inc"))

    def _fill_locations(self) -> str:
        """With the files of make_environment, where the site's nginx has the folder of its services."""
        text = (ROOT / "deploy/nginx/handover.inc").read_text()
        return _replace(text, "/opt/handover/var/attachments/", f"{self._folder}/attachments/")

    def _limit(self, text: str) -> str:
        for old, new in self._limits.items():
            text = text.replace(old, new)
        return text

    def _make_certificate(self) -> None:
        name = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=IP:{HOST}"]
        files = ["-keyout", str(self.certificate), "-out", f"{self.certificate}.crt"]
        command = [str(find_program("openssl")), *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")]
        subprocess.run([*command, *name, *files], check=True, capture_output=True)
        with self.certificate.open("a") as both:
            both.write(Path(f"{self.certificate}.crt").read_text())


class BrowserAgent(AgentClient):
    """An agent who comes over https, where Django wants to know from which page a form was sent."""

    def log_in(self, password: str) -> None:
        self.http.headers["Referer"] = f"{self.url}/"
        super().log_in(password)


@dataclass
class Site:
    """Everything, up."""

    nginx: Nginx
    postgresql: PostgreSQL
    shards: list[Valkey]
    chatbots: list[Worker]
    workbenches: list[Worker]

    def start_missing(self) -> None:
        """Start what a test has killed."""
        for shard in self.shards:
            if not shard.is_alive():
                shard.start()
        missing = [worker for worker in (*self.chatbots, *self.workbenches) if not worker.is_alive()]
        for worker in missing:
            worker.launch()
        for worker in missing:
            wait_until(f"{worker.name} is ready", worker.is_ready, START_SECONDS)


def _replace(text: str, old: str, new: str) -> str:
    assert old in text, f"deploy/nginx no longer holds {old}"
    return text.replace(old, new)


@contextlib.contextmanager
def run_site(folder: Path) -> Iterator[Site]:
    """All of it with demo agents and answers; nothing is left of it afterwards."""
    with contextlib.ExitStack() as ending:
        # Not below pytest's folder, which the owner of the database may not enter.
        database_folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="handover-pg-")))
        database_folder.chmod(0o755)
        cluster = database_folder / "cluster"
        cluster.mkdir(mode=0o700)
        postgresql = PostgreSQL(cluster, UNSYNCED)
        shards = []
        for name in ("first", "second"):
            (folder / name).mkdir()
            shards.append(Valkey(folder / name))
        environment = {
            **make_environment(folder / "unused", ",".join(shard.url for shard in shards)),
            "DATABASE_URL": postgresql.url,
            "HTTPS": "on",
            "ATTACHMENT_ACCEL": "/attachments/",
        }
        chatbots = [Worker("chatbot", server, folder, environment) for server in ("daphne", "uvicorn")]
        workbenches = [Worker("workbench", server, folder, environment) for server in ("daphne", "uvicorn")]
        nginx = Nginx(folder, chatbots, workbenches)
        site = Site(nginx, postgresql, shards, chatbots, workbenches)
        ending.callback(postgresql.stop)
        for program in (*shards, *chatbots, *workbenches, nginx):
            ending.callback(program.kill)
        postgresql.start()
        run_command("migrate", "--verbosity=0", environment=environment)
        postgresql.copy("handover", MIGRATED)
        run_command("create_demo", environment=environment)
        site.start_missing()
        with trusting(nginx):
            nginx.start()
            yield site


@contextlib.contextmanager
def trusting(nginx: Nginx) -> Iterator[None]:
    """Have every client of this process trust the certificate that nginx makes for itself."""
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = f"{nginx.certificate}.crt"
    try:
        yield
    finally:
        del os.environ["SSL_CERT_FILE"]
        if before is not None:
            os.environ["SSL_CERT_FILE"] = before
