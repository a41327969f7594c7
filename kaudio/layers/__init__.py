"""Keras layers that run over a whole sequence, and one position at a time."""

from kaudio.layers.gru import GRU as GRU
from kaudio.layers.lstm import LSTM as LSTM
from kaudio.layers.standardize import Standardize as Standardize
