"""A plain Django project that does what a POST of a message does here: what this project's POSTs are compared with.

As the documentation of Django, daphne and Channels shows it: a sync view under daphne, Django's middleware, session and
CSRF, the ORM, channels_redis' publish on commit. The database has the same settings (WAL). It has no streams, no
repeats, no numbers without holes, no limits.
"""
