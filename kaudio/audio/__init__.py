"""Audio files to waveforms and back."""

from kaudio.audio.files import AudioError as AudioError
from kaudio.audio.files import Writer as Writer
from kaudio.audio.files import blocks as blocks
from kaudio.audio.files import probe as probe
from kaudio.audio.files import read as read
from kaudio.audio.files import write as write
from kaudio.audio.find import find as find
