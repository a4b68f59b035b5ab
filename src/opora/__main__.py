"""`python -m opora`, and so `accelerate launch -m opora`."""

from opora.cli.main import main

main()
