"""What the model card of a classifier says of itself."""

from collections.abc import Mapping, Sequence
from typing import Any

COMPARED = "Compared with the model in Python, on the same noise and tones of 10 s and of 4 s:"

AUDIO = """\
## Use

It hears waveforms: mono, {rate} Hz, float32 in [-1, 1], best of the length it was trained on. Ten
seconds of a tone:

    labels = {labels}
    audio = 0.1 * np.sin(np.arange({samples}, dtype="float32") / 5)[None]     # (batch, samples)
"""

USE_SAVED_MODEL = """
In any Keras 3 program on TensorFlow, without kaudio:

    layer = keras.layers.TFSMLayer("saved_model", call_endpoint="serve")
    probabilities = layer(audio)                           # (batch, labels)

In TensorFlow alone:

    model = tf.saved_model.load("saved_model")
    probabilities = model.serve(audio)
"""

USE_LITE = """
With ai-edge-litert (`pip install ai-edge-litert numpy`), one clip at a time:

    from ai_edge_litert.interpreter import Interpreter

    serve = Interpreter("{file}").get_signature_runner("serve")
    probabilities = serve(audio=audio)["probabilities"]
    print(labels[probabilities[0].argmax()])
"""

USE_ONNX = """
With ONNX Runtime (`pip install onnxruntime numpy`):

    import onnxruntime

    serve = onnxruntime.InferenceSession("onnx/serve.onnx")
    probabilities = serve.run(["probabilities"], dict(audio=audio))[0]
"""

USE_KERAS = """
With kaudio installed, on TensorFlow or JAX, for whole recordings:

    model = kaudio.load("model.keras")                     # in Python
    print(kaudio.classify(model, audio[0]).table())
    kaudio classify {name} piece.flac                  # in a shell, above this folder

`import kaudio.models` first, and `keras.saving.load_model("model.keras")` reads it as well.
"""


def facts(metadata: Mapping[str, Any]) -> dict[str, str]:
    """What it is, by name."""
    rate, field = metadata["sample_rate"], metadata["receptive_field"]
    return {
        "labels": ", ".join(metadata["labels"]),
        "networks": f"{metadata['members']}, whose logits are averaged, on a "
        f"{metadata['front_end']}",
        "receptive field": f"{field:,} samples, {field / rate:.3f} s, before the mean over time",
    }


def endpoints(metadata: Mapping[str, Any]) -> str:
    """What it can be asked for."""
    return """## Endpoints

| endpoint | takes | gives |
|---|---|---|
| serve | audio (batch, samples), of any length | probabilities (batch, labels) |
| describe | nothing | what it is, labels in order: JSON |

A TensorFlow Lite file has `serve` only, with a batch of 1, and an ONNX file with any; what it is
lies in its metadata.
"""


def held_out(scores: Mapping[str, Any]) -> str:
    """How well members tell works that they were not trained on: see `kaudio.training.judge`."""
    lines = [
        "## Works that were held out\n",
        "Each was judged by the one network that had not heard it. Chunks of a recording or of a "
        "work decide together; means over folds, and the lowest of them, beside what has learned "
        "nothing about music:\n",
        "| of | balanced accuracy | lowest fold | AUC | majority | trivial features |",
        "|---|---|---|---|---|---|",
    ]
    for unit in ("chunk", "recording", "work"):
        row = scores[unit]
        names = ("balanced_accuracy", "lowest_fold", "auc", "majority", "trivial_features")
        cells = [f"{row[name]:.3f}" if name in row else "" for name in names]
        lines.append(f"| {unit} | {' | '.join(cells)} |")
    lines += [
        f"\nExpected calibration error of chunks: {scores['calibration_error']:.3f}. Works, the "
        "hardest first:\n",
        "| work | label | chunks | told right |",
        "|---|---|---|---|",
    ]
    for row in sorted(scores["works"], key=lambda row: row["accuracy"]):
        cells = (row["work"], row["label"], row["chunks"], f"{row['accuracy']:.0%}")
        lines.append(f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def use(name: str, metadata: Mapping[str, Any], files: Sequence[str]) -> str:
    """How to use those files that are there."""
    lite = [file for file in files if file.endswith(".tflite")]
    text = AUDIO + USE_SAVED_MODEL * ("saved_model" in files) + USE_LITE * bool(lite)
    text += USE_ONNX * ("onnx" in files)
    text += USE_KERAS * ("model.keras" in files)
    rate = metadata["sample_rate"]
    return text.format(
        name=name,
        file=next(iter(lite), None),
        rate=rate,
        labels=metadata["labels"],
        samples=10 * rate,
    )
