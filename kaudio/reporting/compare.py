"""Runs beside each other: their learning curves in one chart, and the options that differ."""

from collections.abc import Mapping
from html import escape

from kaudio.reporting.pictures import chart
from kaudio.reporting.runs import RunRecord


def compared(runs: Mapping[str, RunRecord]) -> str:
    """The sections of a page that set two or more runs beside each other."""
    sections = {
        ("together", "Learning curves, side by side"): _together(runs),
        ("differs", "What differs"): _differs(runs),
    }
    return "".join(
        f'<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{title}</h2>'
        f"{content}</section>"
        for (name, title), content in sections.items()
    )


def _together(runs: Mapping[str, RunRecord]) -> str:
    """A chart for each metric, with the validation curves of all runs that have it."""
    charts = []
    for metric in dict.fromkeys(run.metric for run in runs.values() if run.metric):
        found = {name: run for name, run in runs.items() if run.metric == metric}
        lines = {name: run.history["validation"] for name, run in found.items()}
        baselines = [run.baselines for run in found.values()]
        # Those of other recordings would not be theirs.
        shared = baselines[0] if all(one == baselines[0] for one in baselines) else {}
        title = f"Held-out {metric.replace('_', ' ')} of {plural(len(found), 'run')}"
        charts.append(chart(title, lines, shared, title))
    none = "<p class='none'>Not defined: no run has finished an epoch.</p>"
    return f'<div class="charts">{"".join(charts) or none}</div>'


def _differs(runs: Mapping[str, RunRecord]) -> str:
    """Options that several runs have, and not all of them with the same value."""
    options = [run.options for run in runs.values()]
    names = dict.fromkeys(name for one in options for name in one if name != "run_dir")
    differing = [n for n in names if len({one[n] for one in options if n in one}) > 1]
    if not differing:
        return "<p>Nothing: the options that runs share are the same in all of them.</p>"
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in runs)
    lines = []
    for name in differing:
        values = "".join(f"<td>{escape(one.get(name, '-'))}</td>" for one in options)
        lines.append(f'<tr><th scope="row">{escape(name)}</th>{values}</tr>')
    return (
        '<p class="note">Of the options that two or more of the runs have.</p>'
        '<div class="scroll" tabindex="0" role="region" aria-label="Options that differ">'
        f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        "</div>"
    )


def plural(count: int, word: str) -> str:
    """A number of things, as in "2 runs"."""
    return f"{count} {word}{'' if count == 1 else 's'}"
