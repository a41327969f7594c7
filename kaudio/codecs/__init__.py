"""Waveforms to the sequences of steps that models read, and back."""

from kaudio.codecs.codec import Codec as Codec
from kaudio.codecs.fft_frames import FFTFrames as FFTFrames
from kaudio.codecs.frames import Frames as Frames
from kaudio.codecs.linear import Linear as Linear
from kaudio.codecs.mulaw import MuLaw as MuLaw
from kaudio.codecs.quantizer import Quantizer as Quantizer
