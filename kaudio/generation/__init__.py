"""New audio from trained models."""

from kaudio.generation.generate import generate as generate
from kaudio.generation.generate import stream as stream
from kaudio.generation.loop import Sampler as Sampler
