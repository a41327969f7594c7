"""What a model or a piece of audio is worth, in numbers and in pictures."""

from kaudio.evaluation.calibrate import calibration as calibration
from kaudio.evaluation.calibrate import expected_calibration_error as expected_calibration_error
from kaudio.evaluation.class_pictures import confusion_png as confusion_png
from kaudio.evaluation.class_pictures import verdict_png as verdict_png
from kaudio.evaluation.class_pictures import works_png as works_png
from kaudio.evaluation.classes import balanced_accuracy as balanced_accuracy
from kaudio.evaluation.classes import confusion as confusion
from kaudio.evaluation.classes import pooled as pooled
from kaudio.evaluation.classes import roc_auc as roc_auc
from kaudio.evaluation.counts import Counts as Counts
from kaudio.evaluation.faults import faults as faults
from kaudio.evaluation.hit_pictures import hits_png as hits_png
from kaudio.evaluation.hits import compare_hits as compare_hits
from kaudio.evaluation.hits import describe_hit as describe_hit
from kaudio.evaluation.pictures import curves_png as curves_png
from kaudio.evaluation.pictures import spectrogram_png as spectrogram_png
from kaudio.evaluation.sound import UNITS as UNITS
from kaudio.evaluation.sound import describe as describe
from kaudio.evaluation.trivial import TRIVIAL_UNITS as TRIVIAL_UNITS
from kaudio.evaluation.trivial import predict_held_out as predict_held_out
from kaudio.evaluation.trivial import trivial_features as trivial_features
from kaudio.evaluation.verdict import Verdict as Verdict
