"""Small sound files of every format that kaudio reads, as bytes."""

import io
import struct

import numpy as np
import soundfile

# Name: container, encoding, sample rate, channels. Also what libsndfile would read under a name
# that ends in .wav, as it looks at content alone.
KINDS = {
    **{f"wav_{s.lower()}": ("WAV", s, 8_000, 1) for s in ("PCM_U8", "PCM_24", "ULAW", "GSM610")},
    **{f"wav_{s.lower()}": ("WAV", s, 8_000, 2) for s in ("PCM_16", "FLOAT", "DOUBLE")},
    **{f"wav_{s.lower()}": ("WAV", s, 8_000, 2) for s in ("IMA_ADPCM", "MS_ADPCM")},
    **{f"wav_{s.lower()}": ("WAV", s, 8_000, 1) for s in ("G721_32", "NMS_ADPCM_24")},
    "extensible": ("WAVEX", "PCM_16", 8_000, 4),
    "rf64": ("RF64", "PCM_16", 8_000, 2),
    "w64": ("W64", "PCM_16", 8_000, 2),
    "w64_adpcm": ("W64", "MS_ADPCM", 8_000, 1),
    "flac": ("FLAC", "PCM_16", 8_000, 2),
    "flac_24": ("FLAC", "PCM_24", 44_100, 1),
    "vorbis": ("OGG", "VORBIS", 8_000, 1),
    "opus": ("OGG", "OPUS", 48_000, 1),
    "mp3": ("MP3", "MPEG_LAYER_III", 44_100, 2),
    "mp3_low": ("MP3", "MPEG_LAYER_III", 8_000, 1),
    "aiff": ("AIFF", "PCM_16", 8_000, 2),
    "aiff_float": ("AIFF", "FLOAT", 8_000, 1),
    "aiff_adpcm": ("AIFF", "IMA_ADPCM", 8_000, 1),
    "aiff_dwvw": ("AIFF", "DWVW_16", 8_000, 1),
    "au": ("AU", "PCM_16", 8_000, 2),
    "au_float": ("AU", "FLOAT", 8_000, 1),
    "au_g723": ("AU", "G723_24", 8_000, 1),
    "caf": ("CAF", "PCM_16", 8_000, 2),
    "caf_alac": ("CAF", "ALAC_16", 8_000, 2),
    "caf_alac_24": ("CAF", "ALAC_24", 8_000, 1),
    **{
        form.lower(): (form, subtype, 8_000, 1)
        for form, subtype in {
            "AVR": "PCM_16",
            "HTK": "PCM_16",
            "IRCAM": "FLOAT",
            "MAT4": "FLOAT",
            "MAT5": "PCM_16",
            "MPC2K": "PCM_16",
            "NIST": "PCM_16",
            "PAF": "PCM_24",
            "PVF": "PCM_16",
            "SDS": "PCM_24",
            "SVX": "PCM_16",
            "VOC": "PCM_16",
            "WVE": "ALAW",
            "XI": "DPCM_16",
        }.items()
    },
}


def make(kind):
    """The bytes of a file of a kind."""
    form, subtype, rate, channels = KINDS[kind]
    time = np.arange(rate // 8) / rate
    tone = 0.4 * np.sin(2 * np.pi * 330 * time) * np.exp(-3 * time)
    samples = np.stack([tone * (1 - 0.2 * i) for i in range(channels)], axis=1)
    file = io.BytesIO()
    soundfile.write(file, samples, rate, subtype, format=form)
    return file.getvalue()


def all_seeds():
    """All of them by name, and a WAV file with chunks beside its samples."""
    found = {kind: make(kind) for kind in KINDS}
    chunks = b"LIST" + struct.pack("<I", 16) + b"INFOINAM" + struct.pack("<I", 4) + b"name"
    found["wav_chunks"] = found["wav_pcm_16"][:36] + chunks + found["wav_pcm_16"][36:]
    return found
