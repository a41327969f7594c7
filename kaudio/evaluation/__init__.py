"""What a model or a piece of audio is worth, in numbers and in pictures."""

from kaudio.evaluation.counts import Counts as Counts
from kaudio.evaluation.faults import faults as faults
from kaudio.evaluation.hit_pictures import hits_png as hits_png
from kaudio.evaluation.hits import compare_hits as compare_hits
from kaudio.evaluation.hits import describe_hit as describe_hit
from kaudio.evaluation.pictures import curves_png as curves_png
from kaudio.evaluation.pictures import spectrogram_png as spectrogram_png
from kaudio.evaluation.sound import UNITS as UNITS
from kaudio.evaluation.sound import describe as describe
