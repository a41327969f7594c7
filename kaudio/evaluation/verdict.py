"""What a classifier makes of a recording: of the whole, and of each chunk of it."""

import csv
import io
from dataclasses import dataclass

import numpy as np

MOST_COLUMNS = 60


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a classifier makes of a recording.

    Args:
        labels: Names of what is told apart.
        times: Where each chunk begins, in seconds, `(chunks,)`, in rising order.
        probabilities: `(chunks, labels)`, rows that add up to 1; NaN where a chunk is silent.
        overall: Probabilities for the whole, `(labels,)`: the softmax of the mean over chunks of
            the logarithm of the probabilities.
        label: The likeliest for the whole.
        confidence: Its probability, `1 / labels` to 1.
        chunk_seconds: Length of the chunks.
        seconds: Length of the recording.
        repeated: Whether the recording is shorter than a chunk, and was repeated to fill one:
            what is said of it is worth less.
    """

    labels: tuple[str, ...]
    times: np.ndarray
    probabilities: np.ndarray
    overall: np.ndarray
    label: str
    confidence: float
    chunk_seconds: float
    seconds: float
    repeated: bool

    @property
    def silent(self) -> np.ndarray:
        """Where the chunks begin that are silent and say nothing, in seconds."""
        return self.times[np.isnan(self.probabilities[:, 0])]

    def spans(self) -> np.ndarray:
        """The stretch of time that each chunk speaks for, in seconds, edges `(chunks + 1,)`.

        Chunks overlap: a stretch ends halfway between the middles of two chunks.
        """
        middles = self.times + self.chunk_seconds / 2
        return np.concatenate([[0.0], (middles[1:] + middles[:-1]) / 2, [self.seconds]])

    def table(self) -> str:
        """The verdict as plain text, likeliest label first, with a line over time for each.

        The line is in tenths: 9 is a probability from 0.9 to 1; a dot is silence. Long
        recordings have several chunks to a sign.

        Example:
        >>> print(verdict.table())
        bach       81.2 %  7889965578
        schubert   18.8 %  2110034421
        (10 chunks of 10 s; lines: tenths, from 0:00 to 0:55)
        """
        width = max(map(len, self.labels))
        lines = []
        for i in np.argsort(-self.overall, kind="stable"):
            share = f"{100 * self.overall[i]:5.1f} %"
            lines.append(f"{self.labels[i]:{width}}  {share}  {_digits(self.probabilities[:, i])}")
        what = f"{len(self.times)} chunk{'s' * (len(self.times) > 1)} of {self.chunk_seconds:g} s"
        if self.repeated:
            what += f", from {self.seconds:.1f} s repeated"
        if len(self.silent):
            what += f", {len(self.silent)} of them silent"
        lines.append(f"({what}; lines: tenths, from 0:00 to {clock(self.seconds)})")
        return "\n".join(lines)

    def csv(self, file: str = "", header: bool = True) -> str:
        """The verdict as CSV text.

        Args:
            file: What the recording is called, for the first column.
            header: Whether to begin with the names of the columns: "file", "part", "start",
                "end" (in seconds), "label" (the likeliest) and the probability of each label.
                Without it, the text can be put behind that of another recording.

        Returns:
            A row for the whole, with "whole" as its part, and one for each "chunk" that is not
            silent.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if header:
            writer.writerow(["file", "part", "start", "end", "label", *self.labels])
        ends = np.minimum(self.times + self.chunk_seconds, self.seconds)
        starts, ends = [0.0, *self.times], [self.seconds, *ends]
        rows = [self.overall, *self.probabilities]
        for start, end, row in zip(starts, ends, rows, strict=True):
            if np.isnan(row[0]):
                continue
            part = "whole" if row is self.overall else "chunk"
            best = self.labels[row.argmax()]
            numbers = [f"{value:.4f}" for value in row]
            writer.writerow([file, part, f"{start:.3f}", f"{end:.3f}", best, *numbers])
        return text.getvalue()


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, such as "2:05"."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _digits(values: np.ndarray) -> str:
    columns = np.array_split(values, min(MOST_COLUMNS, len(values)))
    heard = [column[~np.isnan(column)] for column in columns]
    return "".join(str(min(9, int(10 * h.mean()))) if len(h) else "." for h in heard)
