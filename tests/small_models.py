"""Small models with weights that make lively audio, one of each kind that is exported."""

import keras
import numpy as np

from kaudio.codecs import FFTFrames, Frames, MuLaw
from kaudio.models import ComposerClassifier, FrameLSTM, WaveNet

RATE = 8_000
SMALL = {"residual_filters": 6, "gate_filters": 5, "skip_filters": 8, "head_filters": 7}


def wavenet(**options):
    model = WaveNet(MuLaw(RATE, 16), [1, 2, 1, 2], **SMALL, **options)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:  # peaked enough for codes to depend on what was heard
        scale = 2.0 if "outlet" in weight.path else 1.0
        weight.assign(scale * rng.normal(0, 0.5, weight.shape))
    return model


def frames(codec, **options):
    model = FrameLSTM(codec, 8, 2, **options)
    rng = np.random.default_rng(0)
    (features,) = codec.step_shape
    model.standardize.mean.assign(rng.normal(0, 0.01, features))
    model.standardize.scale.assign(rng.uniform(0.05, 0.2, features))
    model.residual_variance.assign(rng.uniform(0.2, 1, features))
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, 0.4, weight.shape))
    return model


MAKE = {
    "plain": lambda: wavenet(kernel_size=3),
    "told": lambda: wavenet(
        global_names=["bach", "schubert"],
        local_channels=2,
        local_hop_length=4,
        context_dilations=[1, 2],
        context_hop_length=8,
        context_filters=4,
        upsampling="learned",
        use_bias=True,
    ),
    "gruv": lambda: frames(FFTFrames(RATE, 32, overlap=2), projection=6, temperature=0.3),
    "full": lambda: frames(FFTFrames(RATE, 32, full=True), projection=6),
    "beckham": lambda: frames(Frames(RATE, 40), projection=0, temperature=0.1),
}


def small(name):
    """One of `MAKE`, always the same."""
    keras.utils.set_random_seed(0)
    return MAKE[name]()


def conditions_of(model):
    """What each condition is over time: it changes, so that a delay would be heard."""
    return {
        name: lambda times, n=n: np.stack([np.sin(40 * times + i) for i in range(n)], axis=1)
        for name, n in model.conditions.items()
    }


def classifier(spread=0.4, **options):
    """A classifier of three composers at 2 kHz, whose answers depend on what it hears."""
    small = {"members": 2, "filters": 8, "blocks": 1, "hop_length": 32, **options}
    model = ComposerClassifier(["bach", "schubert", "satie"], 2_000, **small)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, spread, weight.shape))
    model.calibrate(1.3, [0.1, -0.1, 0.0])
    return model
