"""What tests and benchmarks share: the product as programs that are started, paused and killed, and clients of it.

    programs   a child process with its log; a Valkey
    forks      Python programs without the time of their imports (fork_server is the process that forks them)
    services   both services over a database of their own
    settings   the product's, with logins that cost nothing
    sideways   the same as in production: PostgreSQL, nginx, two shards, two processes a service
    clients    a customer, an agent, an open stream
    proxy      a TCP proxy that misbehaves on command
    emptying   the database of a test process, emptied in no time
    packages   which programs are needed beside Python's packages, and how to get them
    threads    jobs that run at the same moment

Imports neither `tests` nor `bench`, and installs nothing.
"""
