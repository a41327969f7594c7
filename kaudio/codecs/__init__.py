"""Waveforms to the sequences of steps that models read, and back."""

from kaudio.codecs.codec import Codec as Codec
from kaudio.codecs.fft_frames import FFTFrames as FFTFrames
from kaudio.codecs.frames import Frames as Frames
