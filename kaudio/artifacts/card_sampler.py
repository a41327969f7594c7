"""What the model card of a sampler says of itself."""

from collections.abc import Mapping, Sequence
from typing import Any

COMPARED = "Compared with the Python sampler, on the same noise:"

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

USE_ONNX = """
With ONNX Runtime (`pip install onnxruntime numpy`), one clip at a time, all inputs given:

    import onnxruntime

    generate = onnxruntime.InferenceSession("onnx/generate.onnx")
    audio = generate.run(["audio"], dict({lite}))[0]
"""

USE_KERAS = """
With kaudio installed, on TensorFlow or JAX, for playing, further training or parts:

    model = kaudio.load("model.keras")                     # in Python
    kaudio generate {name} out.wav --seconds 10            # in a shell, above this folder

`import kaudio.models` first, and `keras.saving.load_model("model.keras")` reads it as well.
"""


def facts(metadata: Mapping[str, Any]) -> dict[str, str]:
    """What it is, by name."""
    rate, field = metadata["sample_rate"], metadata["receptive_field"]
    codec = dict(metadata["codec"])
    kind = codec.pop("name")
    return {
        "codec": f"{kind} ({', '.join(f'{k}={v}' for k, v in codec.items())})",
        "receptive field": f"{field:,} samples, {field / rate:.3f} s" if field else "all the past",
        "controls": ", ".join(f"{k} (default {v:g})" for k, v in metadata["controls"].items()),
        "can be told": "; ".join(
            f"{name}: {', '.join(metadata['condition_names'].get(name, [])) or f'{n} channels'}"
            for name, n in metadata["conditions"].items()
        ),
    }


def endpoints(metadata: Mapping[str, Any]) -> str:
    """What it can be asked for."""
    noise = ", ".join(map(str, ["batch", "steps", *metadata["noise_shape"]]))
    told = "".join(
        f", {k}_condition (batch, steps or 1, {n})" for k, n in metadata["conditions"].items()
    )
    controls = "".join(f", {name}" for name in metadata["controls"])
    return f"""## Endpoints

A step is {metadata["hop_length"]:,} sample(s) long. All audio is float32 in [-1, 1], all noise
uniform in [0, 1). TensorFlow Lite and ONNX files have a batch of 1.

| endpoint | takes | gives |
|---|---|---|
| generate | noise ({noise}){controls}{told} | audio, from silence on |
| start | (number of clips){told} | the state of silence |
| prime | audio (batch, samples){told} | the state after it |
| stream | state, noise ({noise}){controls}{told} | audio, and the state after it |
| serve | audio (batch, samples){told} | what is predicted of each next step |
"""


def use(name: str, metadata: Mapping[str, Any], files: Sequence[str]) -> str:
    """How to use those files that are there."""
    lite = [file for file in files if file.endswith(".tflite")]
    text = NOISE + USE_SAVED_MODEL * ("saved_model" in files) + USE_LITE * bool(lite)
    text += USE_ONNX * ("onnx" in files)
    text += USE_KERAS * ("model.keras" in files)
    first = next(iter(metadata["controls"]), None)
    steps = round(metadata["sample_rate"] / metadata["hop_length"])
    inputs = ["noise=noise"]
    inputs += [f"{k}=np.array({v:g}, 'float32')" for k, v in metadata["controls"].items()]
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
