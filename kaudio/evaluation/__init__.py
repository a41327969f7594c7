"""What a model or a piece of audio is worth, in numbers and in pictures."""

from kaudio.evaluation.pictures import curves_png as curves_png
from kaudio.evaluation.pictures import spectrogram_png as spectrogram_png
from kaudio.evaluation.sound import UNITS as UNITS
from kaudio.evaluation.sound import describe as describe
