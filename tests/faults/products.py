"""The product as a fault needs it: plain, with its Redis behind a proxy, or with a service whose clock is wrong."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.programs import Valkey
from harness.services import Product, Service, make_environment, run_product, serving
from tests.faults.causes import Needs, ThreadedProxy

CLOCK_AHEAD_SECONDS = 120
# Read by Python itself before anything else, in a folder of its own on PYTHONPATH.
SITECUSTOMIZE = f"""\
import datetime, time
from django.utils import timezone
_time, _now = time.time, timezone.now
time.time = lambda: _time() + {CLOCK_AHEAD_SECONDS}
timezone.now = lambda: _now() + datetime.timedelta(seconds={CLOCK_AHEAD_SECONDS})
"""


@dataclass
class ProxiedProduct(Product):
    """Its services reach Redis through a proxy."""

    proxy: ThreadedProxy


@contextlib.contextmanager
def product_for(needs: Needs, folder: Path) -> Iterator[Product]:
    """A running product; everything is gone afterwards."""
    starts = {"redis": run_product, "proxy": run_proxied_product, "ahead": run_product_ahead}
    with starts[needs](folder) as product:
        yield product


@contextlib.contextmanager
def run_second_workbench(product: Product) -> Iterator[Service]:
    """Another process that serves the workbench, on the same database and Redis; it is gone afterwards."""
    folder = product.folder / "second-workbench"
    folder.mkdir(exist_ok=True)
    service = Service("workbench", folder, make_environment(product.database, product.valkey.url))
    try:
        service.start()
        yield service
    finally:
        service.kill()


@contextlib.contextmanager
def run_proxied_product(folder: Path) -> Iterator[Product]:
    valkey = Valkey(folder)
    proxy = ThreadedProxy(valkey.port)
    database = folder / "db.sqlite3"
    environment = make_environment(database, proxy.url)
    services = [Service(name, folder, environment) for name in ("chatbot", "workbench")]
    product = ProxiedProduct(folder, valkey, services[0], services[1], database, proxy)
    try:
        with serving(product):
            yield product
    finally:
        proxy.close()


@contextlib.contextmanager
def run_product_ahead(folder: Path) -> Iterator[Product]:
    """A product whose workbench believes that it is two minutes later."""
    valkey = Valkey(folder)
    database = folder / "db.sqlite3"
    environment = make_environment(database, valkey.url)
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    ahead = {**environment, "PYTHONPATH": os.pathsep.join([str(folder), environment.get("PYTHONPATH", "")])}
    workbench = Service("workbench", folder, ahead)
    workbench.may_be_forked = False  # PYTHONPATH is read at a start
    product = Product(folder, valkey, Service("chatbot", folder, environment), workbench, database)
    with serving(product):
        yield product
