"""Audio files to waveforms and back."""

from kaudio.audio.demo import demo_folder as demo_folder
from kaudio.audio.files import AudioError as AudioError
from kaudio.audio.files import blocks as blocks
from kaudio.audio.files import probe as probe
from kaudio.audio.files import read as read
from kaudio.audio.find import find as find
from kaudio.audio.writer import Writer as Writer
from kaudio.audio.writer import write as write
