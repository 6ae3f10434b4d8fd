#!/usr/bin/env python
"""Django's command-line entry point."""

import gc
import os
import sys


def main() -> None:
    gc.set_threshold(50_000)  # what is imported stays: to look for garbage among it takes a tenth of a start
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
