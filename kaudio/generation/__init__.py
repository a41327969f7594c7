"""New audio from trained models."""

from kaudio.generation.conditions import crossfade as crossfade
from kaudio.generation.conditions import parse_condition as parse_condition
from kaudio.generation.generate import generate as generate
from kaudio.generation.generate import stream as stream
from kaudio.generation.loop import Sampler as Sampler
