"""Trained models for use elsewhere: written, compared, and played."""

from kaudio.artifacts.comparison import Comparison as Comparison
from kaudio.artifacts.export import export as export
from kaudio.artifacts.players import DEFAULT_FORMATS as DEFAULT_FORMATS
from kaudio.artifacts.players import FORMATS as FORMATS
from kaudio.artifacts.players import Player as Player
from kaudio.artifacts.players import SavedModelPlayer as SavedModelPlayer
from kaudio.artifacts.players import TFLitePlayer as TFLitePlayer
from kaudio.artifacts.playing import play as play
