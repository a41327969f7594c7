"""Training a recipe, and the folder that a run leaves behind."""

from kaudio.training.fit import fit as fit
from kaudio.training.keeper import Stopped as Stopped
from kaudio.training.run import Run as Run
