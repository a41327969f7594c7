"""Models of music: the next step of a sequence, given the steps before."""

from kaudio.models.autoregressive import Autoregressive as Autoregressive
from kaudio.models.frame_lstm import FrameLSTM as FrameLSTM
from kaudio.models.nmse import NMSE as NMSE
from kaudio.models.wavenet import WaveNet as WaveNet
