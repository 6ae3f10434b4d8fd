"""`python -m realtime.tests.simulation --schedules N --seed S [--without CHECK]`"""

import argparse
import logging
import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from realtime.tests.simulation.checks import CHECKS
from realtime.tests.simulation.run import Found, find


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m realtime.tests.simulation", description=__doc__)
    parser.add_argument("--schedules", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first schedule (default: the time)")
    parser.add_argument("--without", choices=sorted(CHECKS), help="take this check out of the product")
    options = parser.parse_args()
    logging.disable()
    print(f"schedules={options.schedules} seed={options.seed} without={options.without}", flush=True)
    started = time.process_time()
    found = find(options.seed, options.schedules, options.without)
    seconds = time.process_time() - started
    if isinstance(found, Found):
        print(f"seed {found.seed}, schedule {found.count}, after {seconds:.1f} s: {found.error}")
        print("\n".join(found.trace))
        return 1
    print(f"nothing found in {seconds:.1f} s of one core, {1e3 * seconds / options.schedules:.2f} ms a schedule")
    return 0


sys.exit(main())
