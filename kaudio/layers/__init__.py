"""Keras layers that run over a whole sequence, and one position at a time."""

from kaudio.layers.causal_conv import CausalConv1D as CausalConv1D
from kaudio.layers.causal_embedding import CausalEmbedding as CausalEmbedding
from kaudio.layers.conditioning import Conditioning as Conditioning
from kaudio.layers.context_stack import ContextStack as ContextStack
from kaudio.layers.gated_block import GatedBlock as GatedBlock
from kaudio.layers.gated_stack import GatedStack as GatedStack
from kaudio.layers.gru import GRU as GRU
from kaudio.layers.log_spectrogram import LogSpectrogram as LogSpectrogram
from kaudio.layers.lstm import LSTM as LSTM
from kaudio.layers.standardize import Standardize as Standardize
from kaudio.layers.upsample import Upsample as Upsample
