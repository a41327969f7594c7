"""What a TensorFlow Lite file tells of itself: in its metadata, beside the network."""

import json

from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder

METADATA_NAME = "kaudio"
IDENTIFIER = b"TFL3"


def with_metadata(content: bytes, metadata: dict) -> bytes:
    """A TensorFlow Lite file that tells of itself."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = list(json.dumps(metadata).encode())
    entry.name, entry.buffer = METADATA_NAME, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    builder = Builder(0)
    builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def metadata_text(content: bytes) -> bytes:
    """What a TensorFlow Lite file that `write_tflite` wrote tells of itself, as JSON.

    Args:
        content: Of a file that a TensorFlow Lite interpreter has accepted.

    Raises:
        ValueError: If the file comes from elsewhere.
    """
    model = schema.Model.GetRootAs(content, 0)
    for number in range(model.MetadataLength()):
        entry = model.Metadata(number)
        if entry.Name() == METADATA_NAME.encode():
            return model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
    raise ValueError(
        "Expected a TensorFlow Lite file that `kaudio export` wrote. This one comes from elsewhere."
    )
