"""One process's delivery side under faults in random order, in virtual time: the same seed, the same run.

Real: relay, feeds, catch-up, opening, replay, publisher, streams. Fake: the clock, the log and its database, the layer,
the clients and their connections. `python -m realtime.tests.simulation --schedules 1000000 --seed 1` runs as many
schedules as you have time for; `--without CHECK` takes one of the product's checks out and shows what is found then.
"""
