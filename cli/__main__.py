"""`python -m miztiik_events`."""

from .main import main

main()
