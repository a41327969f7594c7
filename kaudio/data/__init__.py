"""Recordings and a codec to datasets of batches."""

from kaudio.data.augment import Augment as Augment
from kaudio.data.cache import cache_bytes as cache_bytes
from kaudio.data.cache import cache_folder as cache_folder
from kaudio.data.cache import cached_waveform as cached_waveform
from kaudio.data.cache import clear_cache as clear_cache
from kaudio.data.corpus import Corpus as Corpus
from kaudio.data.corpus import Recording as Recording
from kaudio.data.datasets import iterate as iterate
from kaudio.data.datasets import next_step as next_step
from kaudio.data.datasets import one_shots as one_shots
from kaudio.data.labelled import labelled as labelled
from kaudio.data.lanes import lanes as lanes
from kaudio.data.shares import Batches as Batches
from kaudio.data.shares import share as share
from kaudio.data.splits import assign_folds as assign_folds
from kaudio.data.splits import of_folds as of_folds
from kaudio.data.survey import NO_RECORDINGS as NO_RECORDINGS
from kaudio.data.survey import survey as survey
from kaudio.data.tags import Labels as Labels
from kaudio.data.tags import Tags as Tags
