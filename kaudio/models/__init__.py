"""Models of music: of the next step of a sequence, and of who composed it."""

from kaudio.models.autoregressive import Autoregressive as Autoregressive
from kaudio.models.balanced_accuracy import BalancedAccuracy as BalancedAccuracy
from kaudio.models.composer import ComposerClassifier as ComposerClassifier
from kaudio.models.frame_lstm import FrameLSTM as FrameLSTM
from kaudio.models.nmse import NMSE as NMSE
from kaudio.models.wavenet import WaveNet as WaveNet
