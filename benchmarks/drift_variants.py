"""The rows of docs/drift.md: what is trained, how long, and how it plays."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Variant:
    """A row: a recipe with some of its options changed, and controls of generation.

    Those that train alike share a run.
    """

    name: str
    recipe: str
    options: dict[str, Any] = field(default_factory=dict)
    controls: dict[str, float] = field(default_factory=dict)


def _gruv(name: str, temperature: float = 0.5, **options: Any) -> Variant:
    plain = {"mixtures": 0, "input_noise": 0.0, "temperature": 1.0}
    return Variant(name, "gruv.py", plain | options, {"temperature": temperature})


def _beckham(name: str, temperature: float, **options: Any) -> Variant:
    return Variant(name, "beckham.py", {"temperature": 1.0} | options, {"temperature": temperature})


ABLATION = [
    _gruv("mean, temperature 0", 0.0),
    _gruv("mean, temperature 0.5"),
    _gruv("mean, temperature 1", 1.0),
    _gruv("frames end to end", overlap=1),
    _gruv("input noise 0.1", input_noise=0.1),
    _gruv("input noise 0.3", input_noise=0.3),
    _gruv("input dropout 0.2", input_dropout=0.2),
    _gruv("dropout 0.2", dropout=0.2),
    _gruv("scheduled sampling 0.5", scheduled_sampling=0.5),
    _gruv("carried state", carry_state=True),
    _gruv("Gaussian, temperature 1", 1.0, mixtures=1),
    _gruv("Gaussian, temperature 0.3", 0.3, mixtures=1),
    _gruv("Gaussian by likelihood, temperature 1", 1.0, mixtures=1, faithful=False),
    _gruv("4 Gaussians by likelihood, temperature 1", 1.0, mixtures=4, faithful=False),
]
GRUV = {"input_noise": 0.1}
WAVENET = {"epochs": 10, "stacks": 2}


def _as_it_is(*temperatures: float) -> list[Variant]:
    return [
        _gruv(f"gruv, Gaussian, temperature {t:g}", t, mixtures=1, **GRUV) for t in temperatures
    ]


def _scales(deviations: int, *temperatures: float, **options: Any) -> list[Variant]:
    """One mean and several deviations."""
    told = GRUV | {"mixtures": deviations} | options
    epochs = f", {options['epochs']} epochs" if options else ""
    return [
        _gruv(f"gruv, {deviations} deviations{epochs}, temperature {t:g}", t, **told)
        for t in temperatures
    ]


def _wavenet(name: str, temperature: float, **options: Any) -> Variant:
    return Variant(name, "wavenet.py", options, {"temperature": temperature})


# For each table the sizes of its models, and its rows.
TABLES: dict[str, tuple[dict[str, Any], list[Variant]]] = {
    "full": (
        {},
        [
            _gruv("gruv, mean, temperature 0", 0.0, **GRUV),
            _gruv("gruv, mean, temperature 0.5", **GRUV),
            *_as_it_is(1.0, 0.3),
            _gruv("gruv, Gaussian, hears itself", 1.0, mixtures=1, scheduled_sampling=1.0, **GRUV),
            _gruv("gruv, Gaussian by likelihood", 1.0, mixtures=1, faithful=False, **GRUV),
            *_scales(4, 0.3, 0.5, 1.0),
            _beckham("beckham, Gaussian, temperature 1", 1.0),
            _beckham("beckham, Gaussian, temperature 0.3", 0.3),
        ],
    ),
    "ablation": ({"epochs": 20, "units": 128}, ABLATION),
    "ablation-long": ({"epochs": 4, "units": 128}, ABLATION),
    "beckham": (
        {"epochs": 12, "units": 100},
        [
            Variant(
                "beckham_2016", "beckham_2016.py", {"frame_length": 4_000, "sequence_frames": 12}
            ),
            _beckham("beckham, mean", 0.5, mixtures=0),
            _beckham("beckham, Gaussian by likelihood", 1.0, faithful=False),
        ],
    ),
    "piano": (
        {"epochs": 30},
        [
            *_as_it_is(1.0, 0.6, 0.5, 0.3, 0.1, 0.03),
            *_scales(2, 0.4, 0.5, 0.6),
            *_scales(4, 0.4, 0.5, 0.6, 1.0),
            *_scales(4, 0.4, 0.45, 0.5, epochs=15),
            *(
                _beckham(
                    f"beckham, 4 deviations, 15 epochs, temperature {t:g}", t, mixtures=4, epochs=15
                )
                for t in (0.3, 0.5, 0.7)
            ),
        ],
    ),
    "wavenet": (
        {},
        [
            _wavenet("wavenet, short", 1.0, epochs=2, stacks=1),
            _wavenet("wavenet, short, input noise 2", 1.0, epochs=2, stacks=1, input_noise=2.0),
            _wavenet("wavenet, temperature 1", 1.0, **WAVENET),
            _wavenet("wavenet, temperature 0.9", 0.9, **WAVENET),
        ],
    ),
}
