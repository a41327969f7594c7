"""`python -m kaudio`: the command line without its script."""

from kaudio.cli import main

main()
