"""Music as a classifier of composers hears it, to set clips beside."""

from dataclasses import dataclass

import numpy as np

from kaudio.data.corpus import Corpus
from kaudio.evaluation.frechet import Distances, distances, no_music
from kaudio.evaluation.known_music import Watch, blocks_of
from kaudio.evaluation.rows import EMBEDDED_SECONDS, embedding_rows
from kaudio.models import ComposerClassifier

NOTHING_SECONDS = 60.0


@dataclass(frozen=True, eq=False)
class EmbeddedMusic:
    """Music to judge clips by, embedded once.

    The distance of log-mel statistics hears level, timbre and recording; that of an embedding
    hears what tells composers apart. Clips can be near in one and far in the other.

    Args:
        model: A trained classifier.
        rows: `kaudio.evaluation.rows.embedding_rows` of each recording that is long enough.
        ceilings: Those of what is no music.
    """

    model: ComposerClassifier
    rows: tuple[np.ndarray, ...]
    ceilings: dict[str, np.ndarray]

    @classmethod
    def of(cls, corpus: Corpus, model: ComposerClassifier, watch: Watch = iter) -> "EmbeddedMusic":
        """Embeds music, each recording block by block: memory does not grow with their length.

        Args:
            corpus: Recordings, at the rate of the model.
            model: A trained classifier.
            watch: What recordings go through one by one, such as a progress bar.

        Raises:
            TypeError: If the model is none.
            ValueError: If the rates differ.

        Example:
        >>> classifier = kaudio.load("runs/composer")
        >>> corpus = kaudio.Corpus.from_folder("~/music", classifier.sample_rate)
        >>> music = EmbeddedMusic.of(corpus, classifier)
        """
        if not isinstance(model, ComposerClassifier):
            raise TypeError(
                "Expected a classifier of composers, as recipes/composer.py trains one. "
                f"Received: {type(model).__name__}."
            )
        if corpus.sample_rate != model.sample_rate:
            raise ValueError(
                f"Expected recordings at the {model.sample_rate} Hz of the classifier. Received: "
                f"{corpus.sample_rate} Hz."
            )
        found = tuple(
            embedding_rows(model, blocks_of(recording))
            for recording in watch(corpus.recordings)
            if recording.seconds >= EMBEDDED_SECONDS
        )
        nothing = no_music(round(NOTHING_SECONDS * model.sample_rate))
        return cls(model, found, {name: embedding_rows(model, x) for name, x in nothing.items()})

    def distances(self, samples: np.ndarray) -> Distances:
        """How far a clip is from the music, beside how far the music is from itself.

        Args:
            samples: At the rate of the model, `(num_samples,)`, 4 s or longer.

        Raises:
            ValueError: If it is shorter, or there are fewer than two recordings to compare with.
        """
        return distances(embedding_rows(self.model, samples), self.rows, self.ceilings)
