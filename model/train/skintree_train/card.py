"""The model card: ``model/source/card.md`` with the measured figures filled in."""

import json
import re

from . import paths
from .photos import CLASSES, KINDS


def render(evaluation: dict, candidate: dict) -> str:
    """Text of the card from ``evaluation.json`` and the candidate that ``finish`` saved."""
    template = (paths.SOURCE / "card.md").read_text(encoding="utf-8")
    by_kind = {kind: evaluation["kinds"][kind]["one_per_unit"] for kind in KINDS}
    dermoscopic, clinical = by_kind.values()
    everything = {kind: evaluation["kinds"][kind]["all_photos"] for kind in KINDS}
    measured = candidate["scope"]["measured"]
    learned = candidate["learned"]
    values = {
        "version": evaluation["model"]["version"],
        "sha256": evaluation["model"]["sha256"],
        "fold": evaluation["fold"],
        "left_out": left_out(evaluation["left out"]),
        "counts": counts(learned),
        "runs": runs(candidate["notes"]),
        "head_auc": f"{evaluation['head']['auc']:.3f}",
        "head_right": f"{evaluation['head']['right']:.0%}",
        "head_photos": " and ".join(f"{count:,}" for count in evaluation["head"]["photos"]),
        "kinds": kinds(candidate["kinds"], everything),
        "table": table([dermoscopic, clinical, evaluation["together"]]),
        "sources": sources(evaluation["sources"]),
        "confusion_dermoscopic": confusion(dermoscopic["confusion"]),
        "confusion_clinical": confusion(clinical["confusion"]),
        "compared": _side_by_side(candidate["compared"]),
        "operating": operating(candidate["kinds"], by_kind),
        "reliability": reliability(everything["dermoscopic"]["reliability"]),
        "skin_types": skin_types(evaluation["skin types"]),
        "pen_marks": pen_marks(evaluation["pen marks"]),
        "subgroups_dermoscopic": subgroups(everything["dermoscopic"]["subgroups"]),
        "subgroups_clinical": subgroups(everything["clinical"]["subgroups"]),
        "scope": scope(measured),
        "scope_lesions": f"{measured['lesion photos']:,}",
        "scope_others": measured["other photos"],
        "ordinary": ordinary(json.loads(paths.ORDINARY.read_text(encoding="utf-8"))),
        "clinical_count": sum(row["photos"] for row in learned.values() if row["kind"] == "clinical"),
    }
    for name, value in values.items():
        template = template.replace(f"{{{{{name}}}}}", str(value))
    if "{{" in template:
        raise ValueError("the template asks for something that is not there")
    return template


ORDINARY = re.compile(r"(?<=<!-- ordinary photos -->\n).*?(?=\n<!-- end of ordinary photos -->)", re.DOTALL)
"""The part of the card that ``ordinary`` writes."""


def with_ordinary(card: str, measured: dict) -> str:
    """A card with the figures of ``ordinary.measure`` in the place of older ones."""
    new, count = ORDINARY.subn(lambda _: ordinary(measured), card)
    if count != 1:
        raise ValueError("the card has no part for ordinary photos")
    return new


def ordinary(measured: dict) -> str:
    """Every ordinary photo, answered by a network that has not learned from it."""
    floor = measured["calibration floor"]
    few, many = sorted(floor, key=int)
    together = measured["together"] | {"accuracy_7_95": measured["accuracy_7_95"]}
    rows = (
        "| | every ordinary photo |\n|---|---|",
        f"| patients | {measured['patients']} |",
        table([together]),
        f"| calibration error by chance, if every probability were true | {floor[many]:.3f}; of {few} photos {floor[few]:.3f} |",
    )
    parts = ["\n".join(rows)]
    head = "| question | point | sensitivity | specificity |\n|---|---|---|---|"
    body = [
        f"| {task} | {name} | {_share(sides['sensitivity'])} | {_share(sides['specificity'])} |"
        for task, row in measured["points"].items()
        for name, sides in row["crossed"].items()
    ]
    parts.append("Operating points, those of each fold chosen on all others:\n\n" + "\n".join((head, *body)))
    for column, values in measured["by column"].items():
        head = f"| {column} | photos | accuracy, 7 classes (95 % interval) |\n|---|---|---|"
        body = [
            f"| {row['value']} | {row['photos']} | {row['accuracy_7']:.2f} ({row['95'][0]:.2f} to {row['95'][1]:.2f}) |"
            for row in values
        ]
        parts.append("\n".join((head, *body)))
    head = "| left out whole | photos | | accuracy, 7 classes | AUC malignant |\n|---|---|---|---|---|"
    body = [
        f"| {row['column']}: {', '.join(row['values'])} | {row[name]['photos']} | {name} | {row[name]['accuracy_7']:.3f} | "
        f"{row[name]['auc malignant']:.3f} |"
        for row in measured["left out whole"].values()
        for name in ("never seen", "others of the kind seen")
    ]
    parts.append("\n".join((head, *body)))
    return "\n\n".join(parts)


def _share(row: dict) -> str:
    return f"{row['share']:.3f} ({row['95'][0]:.3f} to {row['95'][1]:.3f})"


def left_out(rows: dict[str, dict]) -> str:
    """The network that has not seen one source."""
    head = "| network without ISIC 2017, on | photos | accuracy, 7 classes | AUC mel against nv |\n|---|---|---|---|"
    body = (
        f"| {name} | {row['photos']:,} | {row['accuracy_7']:.3f} | {_with_interval(row, 'auc melanoma-or-naevus')} |"
        for name, row in rows.items()
    )
    return "\n".join((head, *body))


def counts(learned: dict[str, dict]) -> str:
    """What was learned from, a row a source."""
    head = f"| source | kind | photos | lesions or patients | {' | '.join(CLASSES)} |\n|---|---|---|---|{'---|' * len(CLASSES)}"
    body = (
        f"| {name} | {row['kind']} | {row['photos']:,} | {row['units']:,} | {' | '.join(f'{n:,}' for n in row['counts'])} |"
        for name, row in learned.items()
    )
    return "\n".join((head, *body))


def runs(notes: list[dict]) -> str:
    """A line for each of the averaged networks."""
    lines = []
    for note in notes:
        run = note["run"]
        teachers = ", ".join(run["teachers"])
        taught = f", taught by {teachers} on the very views" if teachers else ""
        mix = ", ".join(f"{name} {share:.0%}" for name, share in run["sources"].items())
        lines.append(f"- `{run['name']}`: from {run['start']}, {note['views']:,} views ({mix}){taught}")
    return "\n".join(lines)


def kinds(chosen: dict[str, dict], measured: dict[str, dict]) -> str:
    """What was chosen for each kind."""
    rows = [
        ("temperature", lambda kind: f"{chosen[kind]['temperature']:.3f}"),
        ("strength of the prior", lambda kind: f"{chosen[kind]['strength']:g}"),
        ("limit of scope", lambda kind: f"{chosen[kind]['scope_threshold']:g}"),
        ("test photos in scope", lambda kind: f"{measured[kind]['in_scope']:.1%}"),
    ]
    return "\n".join(f"| {title} | {' | '.join(show(kind) for kind in KINDS)} |" for title, show in rows)


def table(columns: list[dict]) -> str:
    """Rows of figures, a column for each of the sets measured."""
    rows = [
        ("photos", lambda f: f"{f['photos']:,}"),
        ("accuracy, 7 classes (`scc` and `ak` as one)", lambda f: _with_interval(f, "accuracy_7")),
        ("balanced accuracy, 7 classes", lambda f: _with_interval(f, "balanced_accuracy_7")),
        ("accuracy, 8 classes", lambda f: f"{f['accuracy']:.3f}"),
        ("balanced accuracy, 8 classes", lambda f: _with_interval(f, "balanced_accuracy")),
        ("accuracy, nine-way", lambda f: f"{f['accuracy nine-way']:.3f}"),
        ("accuracy, three-way", lambda f: f"{f['accuracy three-way']:.3f}"),
        ("AUC, malignant or premalignant against benign", lambda f: f"{f['auc malignant']:.3f}"),
        ("AUC, {bcc, scc, ak} against bkl", lambda f: _with_interval(f, "auc carcinoma-or-keratosis")),
        ("AUC, mel against nv", lambda f: _with_interval(f, "auc melanoma-or-naevus")),
        ("log loss (nats)", lambda f: f"{f['log_loss']:.3f}"),
        ("expected calibration error (15 bins)", lambda f: f"{f['calibration_error']:.3f}"),
    ]
    rows += [(f"recall of {name}", lambda f, name=name: _recall(f, name)) for name in CLASSES]
    return "\n".join(f"| {title} | {' | '.join(show(column) for column in columns)} |" for title, show in rows)


def sources(rows: dict[str, dict]) -> str:
    """A few figures of each source."""
    return "\n".join(
        f"| {name} | {row['photos']:,} | {row['accuracy_7']:.3f} | {row['auc malignant']:.3f} | "
        f"{_with_interval(row, 'auc melanoma-or-naevus')} |"
        for name, row in rows.items()
    )


def skin_types(rows: list[dict]) -> str:
    """Accuracy by Fitzpatrick type."""
    head = "| Fitzpatrick type | photos | accuracy, 7 classes (95 % interval) |\n|---|---|---|"
    body = (
        f"| {row['type']} | {row['photos']} | "
        + (
            "{:.2f} ({:.2f} to {:.2f})".format(row["right"] / row["photos"], *row["accuracy_95"])
            if row["photos"]
            else "not known"
        )
        + " |"
        for row in rows
    )
    return "\n".join((head, *body))


def pen_marks(rows: dict[str, dict]) -> str:
    """What a drawn circle does, a column a kind."""
    head = f"| | {' | '.join(rows)} |\n|---|{'---|' * len(rows)}"
    names = next(iter(rows.values()))
    body = (
        f"| {name} | {' | '.join(f'{row[name]:.3f}' if isinstance(row[name], float) else str(row[name]) for row in rows.values())} |"
        for name in names
    )
    return "\n".join((head, *body))


def confusion(counts: list[list[int]]) -> str:
    """The confusion matrix as a table."""
    head = f"| true \\ answer | {' | '.join(CLASSES)} |\n|---|{'---|' * len(CLASSES)}"
    body = (f"| {name} | {' | '.join(map(str, row))} |" for name, row in zip(CLASSES, counts, strict=True))
    return "\n".join((head, *body))


def operating(chosen: dict[str, dict], measured: dict[str, dict]) -> str:
    """What each operating point did where it was chosen and on the test fold."""
    head = "| kind | question | point | threshold | validation fold | test fold |\n|---|---|---|---|---|---|"
    lines = []
    for kind, row in chosen.items():
        for task, found in row["operating_points"].items():
            sides = " + ".join(map(str, found["photos"]))
            tested = " + ".join(map(str, measured[kind][f"{task} photos"]))
            for point, one in zip(found["points"], measured[kind]["operating_points"][task], strict=True):
                lines.append(
                    f"| {kind} | {task} | {point['id']} | {point['threshold']:.4f} | {_pair(point)} ({sides}) | "
                    f"{_pair(one)} ({tested}) |"
                )
    return "\n".join((head, *lines))


def _with_interval(figures: dict, key: str) -> str:
    """A figure with its 95 % interval, where there is one; a dash where the figure could not be had."""
    if figures.get(key) is None:
        return "-"
    interval = figures.get(f"{key}_95") or figures.get(f"{key} 95")
    return f"{figures[key]:.3f}" + (" ({:.3f} to {:.3f})".format(*interval) if interval else "")


def reliability(rows: list[dict]) -> str:
    """The calibration plot as a table: a bar each for what was promised and what was kept."""
    head = "| photos | top probability, mean | right | promised (light) and kept (dark) |\n|---|---|---|---|"
    bar = "\n".join(
        f"| {row['photos']} | {row['confidence']:.2f} | {row['accuracy']:.2f} | "
        f"{'░' * round(20 * row['confidence'])}<br>{'█' * round(20 * row['accuracy'])} |"
        for row in rows
    )
    return f"{head}\n{bar}"


def subgroups(rows: list[dict]) -> str:
    """Accuracy by sex, age band, body site and kind of confirmation."""
    head = "| | photos | malignant | accuracy (95 % interval) | AUC malignant |\n|---|---|---|---|---|"
    lines = [
        f"| {row['kind']}: {row['name']} | {row['photos']} | {row['malignant']} | {row['accuracy']:.2f} "
        f"({row['accuracy_95'][0]:.2f} to {row['accuracy_95'][1]:.2f}) | "
        f"{'' if row['auc malignant'] is None else format(row['auc malignant'], '.2f')} |"
        for row in rows
    ]
    return "\n".join((head, *lines))


def scope(measured: dict) -> str:
    """How well each method tells lesion photos from others."""
    head = "| method | area under ROC | others refused |\n|---|---|---|"
    rows = (f"| {name} | {row['auc']:.3f} | {row['caught']:.0%} |" for name, row in measured["methods"].items())
    return "\n".join((head, *rows))


def _side_by_side(rows: dict[str, dict]) -> str:
    """A few figures of each, to compare."""
    shown = ("accuracy", "balanced_accuracy", "balanced_accuracy_7", "log_loss", "calibration_error")
    head = f"| | {' | '.join(name.replace('_', ' ') for name in shown)} |\n|---|{'---|' * len(shown)}"
    body = (f"| {name} | {' | '.join(f'{row[key]:.4f}' for key in shown)} |" for name, row in rows.items())
    return "\n".join((head, *body))


def _pair(point: dict) -> str:
    return f"{point['sensitivity']:.3f} / {point['specificity']:.3f}"


def _recall(figures: dict, name: str) -> str:
    count = figures["photos_by_class"][name]
    return f"{figures['recall'][name]:.2f} (of {count:,})" if count else "-"
