"""Entry point of `python -m opora`, and so of `accelerate launch -m opora`."""

from opora.cli.main import main

main()
