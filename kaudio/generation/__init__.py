"""New audio from trained models."""

from kaudio.generation.conditions import crossfade as crossfade
from kaudio.generation.conditions import parse_condition as parse_condition
from kaudio.generation.dream import Dream as Dream
from kaudio.generation.dream import DreamStep as DreamStep
from kaudio.generation.dream import dream as dream
from kaudio.generation.dream_signal import pink_noise as pink_noise
from kaudio.generation.generate import generate as generate
from kaudio.generation.generate import stream as stream
from kaudio.generation.loop import Sampler as Sampler
