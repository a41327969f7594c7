"""The command line: each verb is one function of `kaudio`. Imports wait until a verb runs."""

# ruff: noqa: I001
from kaudio.cli.app import app as app
from kaudio.cli.app import main as main

# In the order in which `kaudio --help` lists them.
from kaudio.cli import fit as fit
from kaudio.cli import generate as generate
from kaudio.cli import evaluate as evaluate
from kaudio.cli import report as report
from kaudio.cli import classify as classify
from kaudio.cli import dream as dream
from kaudio.cli import export as export
from kaudio.cli import corpus as corpus
