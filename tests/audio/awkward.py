"""Makes awkward, broken and misleading audio files, one for each thing that goes wrong in life."""

import io
import struct

import numpy as np
import soundfile

RATE = 22_050
SECONDS = 1.5


def music(seconds=SECONDS, rate=RATE, channels=1):
    """Decaying notes: peak 0.4, no silence."""
    time = np.arange(round(seconds * rate)) / rate
    notes = np.sin(2 * np.pi * 330 * 2 ** (np.floor(4 * time) / 12) * time)
    samples = 0.4 * notes * np.exp(-3 * (time % 0.25))
    return samples if channels == 1 else np.repeat(samples[:, None], channels, axis=1)


def encoded(samples=None, rate=RATE, form="WAV", subtype=None):
    file = io.BytesIO()
    soundfile.write(file, music() if samples is None else samples, rate, subtype, format=form)
    return file.getvalue()


def wav(size=None, riff=None, extra_before=b"", extra_after=b"", seconds=2.0):
    """A WAV file written by hand, with claims of one's own."""
    data = (music(seconds) * 32767).astype("<i2").tobytes()
    chunks = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16) + extra_before
    chunks += b"data" + struct.pack("<I", len(data) if size is None else size) + data + extra_after
    return b"RIFF" + struct.pack("<I", len(chunks) + 4 if riff is None else riff) + b"WAVE" + chunks


def id3(size):
    """An ID3v2 tag with a picture of `size` bytes."""
    frame = b"APIC" + struct.pack(">IH", size, 0) + bytes(np.arange(size) % 251)
    length = [(len(frame) >> shift) & 127 for shift in (21, 14, 7, 0)]
    return b"ID3\x03\x00\x00" + bytes(length) + frame


def not_finite(value):
    samples = music(2.0).astype("float32")
    samples[1000:1050] = value
    return encoded(samples, subtype="FLOAT")


def flac_that_claims(num_samples):
    """A FLAC file whose STREAMINFO claims a length of its own."""
    data = bytearray(encoded(music(3.0), form="FLAC"))
    field = int.from_bytes(data[18:26], "big") & ~((1 << 36) - 1)
    data[18:26] = (field | num_samples).to_bytes(8, "big")
    return bytes(data)


def chunk(name, payload):
    """A RIFF chunk, padded to even length."""
    return name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)


RANDOM = np.random.default_rng(0).integers(0, 256, 20_000, dtype="uint8").tobytes()
MP3 = encoded(music(12.0, 44_100, 2), 44_100, "MP3")
FLAC = encoded(music(12.0, 44_100), 44_100, "FLAC")
OGG = encoded(music(10.0, 44_100, 2), 44_100, "OGG")
LONG_WAV = encoded(music(12.0, 16_000), 16_000)

# Name: bytes, seconds that must be read (None: a clear error; a tuple: from, to; 0 as a last
# element of a tuple: a clear error is as good).
FILES = {
    "zero_byte.wav": (b"", None),
    "zero_byte.mp3": (b"", None),
    "good_12s.mp3": (MP3, (11.9, 12.2)),
    "truncated.mp3": (MP3[: len(MP3) * 6 // 10], (6.5, 7.8)),
    "truncated.flac": (FLAC[: len(FLAC) // 2], (0, 7)),
    "truncated.ogg": (OGG[: len(OGG) // 2], (0, 7)),
    "truncated.wav": (LONG_WAV[: len(LONG_WAV) * 2 // 3 + 1], (7.9, 8.1)),
    "truncated_header.wav": (encoded()[:30], None),
    "text_renamed.wav": (b"These are words.\n" * 200, None),
    "html_error_page.mp3": (b"<!DOCTYPE html><html><body>404 Not Found</body></html>" * 30, None),
    "random_bytes.flac": (RANDOM, None),
    "random_bytes.wav": (RANDOM, None),
    "size_too_big.wav": (wav(size=2**31, riff=2**31 + 36), (0, 2)),
    "size_too_small.wav": (wav(size=RATE), (0.5, 2)),
    "size_zero_streamed.wav": (wav(size=0, riff=0), (0, 2)),
    "size_ffffffff_streamed.wav": (wav(size=2**32 - 1, riff=2**32 - 1), 2.0),
    "huge_claimed_length.flac": (flac_that_claims(2**36 - 1), (0, 3)),
    "unknown_length.flac": (flac_that_claims(0), 3.0),
    "claims_1_hz.wav": (encoded(rate=1), None),
    "claims_2_ghz.wav": (encoded(rate=2_000_000_000), None),
    "float_nan.wav": (not_finite(np.nan), None),
    "float_inf.wav": (not_finite(-np.inf), None),
    "integers_as_floats.wav": (encoded(32767 * music(), subtype="FLOAT"), None),
    "pcm_u8.wav": (encoded(subtype="PCM_U8"), SECONDS),
    "pcm_24.wav": (encoded(subtype="PCM_24"), SECONDS),
    "pcm_32.wav": (encoded(subtype="PCM_32"), SECONDS),
    "float.wav": (encoded(subtype="FLOAT"), SECONDS),
    "double.wav": (encoded(subtype="DOUBLE"), SECONDS),
    "rate_96000.wav": (encoded(music(rate=96_000), 96_000), SECONDS),
    "rate_8000_12s.wav": (encoded(music(12.0, 8_000), 8_000), 12.0),
    "rate_48000_11s.flac": (encoded(music(11.0, 48_000), 48_000, "FLAC"), 11.0),
    "one_sample.wav": (encoded(np.array([0.5])), (0, 0.001)),
    "no_samples.wav": (encoded(np.zeros(0)), None),
    "six_channels.wav": (encoded(music(1.0, 16_000, 6), 16_000), 1.0),
    "silence_11s.wav": (encoded(np.zeros(88_000), 8_000), 11.0),
    "dc_offset_11s.wav": (encoded(music(11.0, 8_000) + 0.5, 8_000), 11.0),
    "clipped_square.wav": (encoded(np.sign(np.sin(np.arange(RATE) / 9))), 1.0),
    "Für Elise – étude № 1 (日本) ♫.wav": (encoded(), SECONDS),
    "  spaces  at both ends  .wav": (encoded(), SECONDS),
    "really_ogg.mp3": (encoded(music(3.0), form="OGG"), (0, 3.0)),
    "album/01 track.mp3": (id3(3_000) + encoded(music(3.0, 44_100), 44_100, "MP3"), (2.9, 3.2)),
    "odd_chunks.wav": (
        wav(
            extra_before=chunk(b"JUNK", b"j" * 33) + chunk(b"LIST", b"INFOINAM\4\0\0\0abc\0"),
            extra_after=chunk(b"id3 ", id3(101)),
        ),
        2.0,
    ),
    "id3_in_front.wav": (id3(500) + encoded(), (0, SECONDS)),
    "plain.aiff": (encoded(form="AIFF"), SECONDS),
    "plain.au": (encoded(form="AU"), SECONDS),
    "opus_in_ogg.opus": (encoded(music(3.0, 48_000), 48_000, "OGG", "OPUS"), (0, 3.0)),
}

# What a folder of music holds besides; passed over in silence.
IGNORED = {
    "._good_12s.mp3": b"\0\5\26\7" + bytes(100),
    "._x.wav": b"\0\5\26\7" + bytes(100),
    ".DS_Store": b"\0\0\0\1Bud1" + bytes(100),
    "album/cover.jpg": b"\xff\xd8\xff\xe0" + RANDOM[:500],
    "album/album.m3u": b"#EXTM3U\n01 track.mp3\n",
    "folder.wav/readme.txt": b"A folder whose name ends in .wav.\n",
    "README.md": b"# Music\n",
}


def may_be_refused(name):
    wanted = FILES[name][1]
    return wanted is None or (isinstance(wanted, tuple) and wanted[0] == 0)


def make(folder):
    """Writes them all below a folder, with links that lead in circles and files linked twice."""
    for name, (content, _) in FILES.items():
        _write(folder / name, content)
    for name, content in IGNORED.items():
        _write(folder / name, content)
    (folder / "album" / "again").symlink_to(folder, target_is_directory=True)
    (folder / "linked.wav").symlink_to(folder / "pcm_24.wav")
    (folder / "dangling.wav").symlink_to(folder / "not_there.wav")
    _write(folder / "protected.m4a", b"\0\0\0 ftypM4A " + bytes(100))


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
