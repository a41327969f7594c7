"""The table of a page: a row of figures for each run or clip, and below it what to hear and see."""

from html import escape

from kaudio.evaluation import UNITS
from kaudio.evaluation.clip_report import words
from kaudio.reporting.cells import RUN_COLUMNS, Cell, cells
from kaudio.reporting.clips import Clip, data_uri
from kaudio.reporting.gather import Row
from kaudio.reporting.pictures import chart

# Players beyond this are left out: browsers grow slow with larger pages.
MOST_AUDIO_BYTES = 60_000_000
SIGNS = {True: ("good", "✓", "within the threshold"), False: ("bad", "✗", "beyond the threshold")}


def table_of(rows: list[Row], with_music: bool) -> tuple[int, str]:
    """The table of a page, and how many bytes of audio its clips have.

    A row of figures and, below, what there is to see and hear, are a `tbody`: sorting moves it.
    """
    titles = [
        title
        for title in cells(Row("", None, None), with_music)
        if title not in RUN_COLUMNS or any(row.run for row in rows)
    ]
    head = "".join(
        f'<th scope="col" role="columnheader" aria-sort="none"><button type="button">{title}'
        "</button></th>"
        for title in titles
    )
    bodies, audio = [], 0
    for row in rows:
        found = cells(row, with_music)
        size = len(row.clip.picture.flac) if row.clip and row.clip.picture else 0
        audio += size
        first = "".join(_cell(title, found[title]) for title in titles)
        bodies.append(
            f'<tbody role="rowgroup"><tr role="row">{first}</tr><tr role="row"><td role="cell" '
            f'class="more" colspan="{len(titles)}">{_more(row, audio <= MOST_AUDIO_BYTES)}</td>'
            "</tr></tbody>"
        )
    return audio, (
        f'<table role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f"{''.join(bodies)}</table>"
    )


def _cell(title: str, cell: Cell) -> str:
    text = escape(cell.text)
    if title == "Name":  # which may break where its words end
        text = text.replace("_", "_<wbr>").replace("/", "/<wbr>")
    if cell.good is not None:
        name, sign, words = SIGNS[cell.good]
        text = f'<span class="{name}"><span aria-hidden="true">{sign}</span> {text}</span>'
        text += f'<span class="hidden">, {words}</span>'
    elif title != "Name":
        text = (
            f"<span>{text}</span>"
            if cell.order is not None
            else f"<span class='none'>{text}</span>"
        )
    note = f"<small>{escape(cell.note)}</small>" if cell.note else ""
    order = "" if cell.order is None else f' data-order="{escape(str(cell.order))}"'
    tag = 'th scope="row" role="rowheader"' if title == "Name" else 'td role="cell"'
    return f'<{tag} data-title="{title}"{order}><div>{text}{note}</div></{tag.split()[0]}>'


def _more(row: Row, with_player: bool) -> str:
    parts = []
    if row.clip and row.clip.picture:
        picture = row.clip.picture
        image = "<p class='none'>Spectrogram: not defined. The clip is shorter than 64 ms.</p>"
        if picture.spectrogram:
            uri = data_uri("image/webp", picture.spectrogram)
            image = f'<img src="{uri}" alt="Spectrogram of {escape(row.name)}">'
        player = "<p class='note'>No player: the page is full.</p>"
        if with_player:
            label = escape(f"{row.clip.path.name} of {row.name}" if row.run else row.name)
            uri = data_uri("audio/flac", picture.flac)
            player = f'<audio controls preload="metadata" aria-label="{label}" src="{uri}"></audio>'
        shown = f"the first {picture.seconds:.0f} s: " * (picture.seconds < (row.clip.seconds or 0))
        said = (
            f"{shown}waveform; below it power, from 60 Hz to {picture.highest / 1000:g} kHz in mel "
            "bands, over 60 dB. A click seeks."
        )
        parts.append(
            f'<figure class="clip" data-seconds="{picture.seconds:.3f}"><div class="seek">'
            f"{picture.waveform}{image}<i></i></div>{player}"
            f"<figcaption>{escape(row.clip.path.name)}, {said}</figcaption></figure>"
        )
    elif row.run:
        parts.append(f"<p class='none'>Clip: not defined, {escape(_no_clip(row))}.</p>")
    if row.run:
        lines, metric = row.run.history, row.run.metric or "metric"
        title = f"Learning curves of {row.name}: {metric}"
        unit = f"{metric.replace('_', ' ')} ({row.run.unit})" if row.run.unit else metric
        parts.append(chart(title, lines, row.run.baselines, unit, row.run.epoch))
        parts.append(_options(row))
    if row.clip and row.clip.measures:
        parts.append(_measured(row.clip))
    return f'<div class="side">{"".join(parts)}</div>'


def _measured(clip: Clip) -> str:
    """All that is known of a clip, folded up: more than there are columns for."""
    said = (
        clip.report.table()
        if clip.report
        else "\n".join(
            f"{f'{words(name)} ({UNITS[name]})':34}{'-' if value is None else f'{value:.4g}':>9}"
            for name, value in clip.measures.items()
        )
    )
    return (
        "<details><summary>All that is measured</summary>"
        f'<pre tabindex="0">{escape(said)}</pre></details>'
    )


def _no_clip(row: Row) -> str:
    return row.clip.undefined.get("everything", "") if row.clip else row.no_clip


def _options(row: Row) -> str:
    options = row.run.options if row.run else {}
    if not options:
        return "<p class='none'>Options: not defined, there is no whole recipe.json.</p>"
    entries = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in options.items()
    )
    return f"<details><summary>Options of the recipe</summary><dl>{entries}</dl></details>"
