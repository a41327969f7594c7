"""The model card of an exported folder."""

from collections.abc import Mapping, Sequence
from typing import Any

from kaudio.artifacts.compare import Comparison

DEMO_LICENCE = "synthesised by kaudio itself, free of rights"
UNKNOWN_LICENCE = "not stated: ask whoever exported this before you pass it on (--licence sets it)"

NOISE = """\
## Use

Noise decides what is drawn: the same noise is the same audio everywhere. A second of it:

    noise = np.random.default_rng(0).random({noise}, dtype="float32")
"""

USE_SAVED_MODEL = """
In any Keras 3 program on TensorFlow, without kaudio:

    layer = keras.layers.TFSMLayer("saved_model", call_endpoint="generate")
    audio = layer(noise)                                   # (batch, samples), {rate} Hz

In TensorFlow alone:

    model = tf.saved_model.load("saved_model")
    noise = model.seed(seed=1, steps={steps}, batch_size=1)      # another way to draw it
    audio = model.generate(noise{controls})
    state = model.prime(recording)                         # (batch, samples) at {rate} Hz
    audio, state = model.stream(state, noise)              # as often as you like
"""

USE_LITE = """
With ai-edge-litert (`pip install ai-edge-litert numpy`), one clip at a time, all inputs given:

    from ai_edge_litert.interpreter import Interpreter

    generate = Interpreter("{file}").get_signature_runner("generate")
    audio = generate({lite})["audio"]
"""

USE_KERAS = """
With kaudio (`pip install kaudio`), on TensorFlow or JAX, for playing, further training or parts:

    model = kaudio.load("model.keras")                     # in Python
    kaudio generate {name} out.wav --seconds 10            # in a shell, above this folder

`import kaudio.models` first, and `keras.saving.load_model("model.keras")` reads it as well.
"""


def card(
    name: str,
    metadata: Mapping[str, Any],
    found: Sequence[Comparison],
    about: Mapping[str, Any],
    licence: str | None,
) -> str:
    """Writes what a model is, what it was trained on, how good it is and how to use it.

    Args:
        name: Of the folder.
        metadata: What its artifacts tell of themselves.
        found: What they were found to be.
        about: "recipe" and "metrics", as a run folder has them; either may be missing.
        licence: Of the recordings.
    """
    parts = [f"# {name}\n", _facts(metadata), _training(about.get("recipe"), licence)]
    if "metrics" in about:
        parts.append(_metrics(about["metrics"]))
    parts += [_files(found), _endpoints(metadata), _use(name, metadata, found)]
    return "\n".join(parts)


def _facts(metadata: Mapping[str, Any]) -> str:
    rate, field = metadata["sample_rate"], metadata["receptive_field"]
    codec = dict(metadata["codec"])
    kind = codec.pop("name")
    rows = {
        "model": f"{metadata['model']}, {metadata['parameters']:,} trained parameters",
        "sample rate": f"{rate} Hz, mono",
        "codec": f"{kind} ({', '.join(f'{k}={v}' for k, v in codec.items())})",
        "receptive field": f"{field:,} samples, {field / rate:.3f} s" if field else "all the past",
        "controls": ", ".join(f"{k} (default {v:g})" for k, v in metadata["controls"].items()),
        "can be told": "; ".join(
            f"{name}: {', '.join(metadata['condition_names'].get(name, [])) or f'{n} channels'}"
            for name, n in metadata["conditions"].items()
        ),
        "made with": f"kaudio {metadata['kaudio']}, Keras {metadata['keras']}, format version "
        f"{metadata['format_version']}",
    }
    return "".join(f"- {name}: {text}\n" for name, text in rows.items() if text)


def _training(recipe: Mapping[str, Any] | None, licence: str | None) -> str:
    if recipe is None:
        return (
            f"## Training\n\nNot known. Licence of the recordings: {licence or UNKNOWN_LICENCE}.\n"
        )
    options = recipe["options"]
    is_demo = options.get("audio") is None
    data = "the built-in demo corpus" if is_demo else "recordings of its maker's own"
    licence = licence or (DEMO_LICENCE if is_demo else UNKNOWN_LICENCE)
    words = [
        _word(name, value)
        for name, value in options.items()
        if name not in ("audio", "run_dir") and value is not None
    ]
    name = (recipe["recipe"] or "").replace("\\", "/").rsplit("/", 1)[-1]
    return (
        f"## Training\n\nOn {data}; licence: {licence}.\n\n    kaudio fit recipes/{name} "
        f"{' '.join(words)}\n"
    )


def _word(name: str, value: Any) -> str:
    """An option as it is typed."""
    name = name.replace("_", "-")
    return (
        f"--{name} {value}" if not isinstance(value, bool) else f"--{'' if value else 'no-'}{name}"
    )


def _metrics(metrics: Mapping[str, Any]) -> str:
    best = metrics["best"]
    lines = ["## Metrics\n", f"Of epoch {best['epoch']}, beside what has learned nothing:\n"]
    for part in ("train", "validation"):
        for name, entry in best[part].items():
            rivals = [f"{other} {value:.4g}" for other, value in entry["baselines"].items()]
            value = "not known" if entry["value"] is None else f"{entry['value']:.4g}"
            beside = f"; {', '.join(rivals)}" if rivals else ""
            lines.append(f"- {part}: {name} {value} ({entry['unit']}){beside}")
    return "\n".join(lines) + "\n"


def _files(found: Sequence[Comparison]) -> str:
    lines = [
        "## Files\n",
        "Compared with the Python sampler, on the same noise:\n",
        "| file | MB | samples compared | differ | by at most | samples per second, one clip |",
        "|---|---|---|---|---|---|",
    ]
    for row in found:
        rate = f"{row.samples_per_second:,.0f}" if row.samples_per_second else ""
        lines.append(
            f"| {row.name} | {row.megabytes:.2f} | {row.samples} | {row.different:.2%} | "
            f"{row.largest:.2g} | {rate} |"
        )
    return "\n".join(lines) + "\n"


def _endpoints(metadata: Mapping[str, Any]) -> str:
    noise = ", ".join(map(str, ["batch", "steps", *metadata["noise_shape"]]))
    told = "".join(
        f", {k}_condition (batch, steps or 1, {n})" for k, n in metadata["conditions"].items()
    )
    controls = "".join(f", {name}" for name in metadata["controls"])
    return f"""## Endpoints

A step is {metadata["hop_length"]:,} samples long. All audio is float32 in [-1, 1], all noise
uniform in [0, 1). TensorFlow Lite files have a batch of 1.

| endpoint | takes | gives |
|---|---|---|
| generate | noise ({noise}){controls}{told} | audio, from silence on |
| start | (number of clips){told} | the state of silence |
| prime | audio (batch, samples){told} | the state after it |
| stream | state, noise ({noise}){controls}{told} | audio, and the state after it |
| serve | audio (batch, samples){told} | what is predicted of each next step |
"""


def _use(name: str, metadata: Mapping[str, Any], found: Sequence[Comparison]) -> str:
    """How to use those files that are there."""
    files = [row.name for row in found]
    lite = [file for file in files if file.endswith(".tflite")]
    text = NOISE + USE_SAVED_MODEL * ("saved_model" in files) + USE_LITE * bool(lite)
    text += USE_KERAS * ("model.keras" in files)
    first = next(iter(metadata["controls"]), None)
    steps = round(metadata["sample_rate"] / metadata["hop_length"])
    inputs = ["noise=noise"]
    inputs += [f"{k}=np.float32({v:g})" for k, v in metadata["controls"].items()]
    inputs += [
        f'{k}_condition=np.zeros((1, 1, {n}), "float32")' for k, n in metadata["conditions"].items()
    ]
    return text.format(
        name=name,
        file=next(iter(lite), None),
        rate=metadata["sample_rate"],
        steps=steps,
        noise=(1, steps, *metadata["noise_shape"]),
        controls=f", {first}={metadata['controls'][first]:g}" if first else "",
        lite=", ".join(inputs),
    )
