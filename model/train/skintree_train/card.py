"""The model card: ``model/source/card.md`` with the measured figures filled in."""

from . import paths
from .photos import CLASSES


def render(evaluation: dict, candidate: dict, cross_validation: dict | None) -> str:
    """Text of the card from ``evaluation.json``, the candidate that ``quantise`` saved and ``cross-validation.json``."""
    template = (paths.SOURCE / "card.md").read_text(encoding="utf-8")
    single, everything = evaluation["one_per_lesion"], evaluation["all_photos"]
    values = {
        "version": evaluation["model"]["version"],
        "sha256": evaluation["model"]["sha256"],
        "fold": evaluation["fold"],
        "photos": f"{candidate['photos']:,}",
        "lesions": f"{candidate['lesions']:,}",
        "counts": ", ".join(f"{name} {count:,}" for name, count in zip(CLASSES, candidate["counts"], strict=True)),
        "views": f"{candidate['views'][-1]:,}",
        "soup": ", ".join(f"{count:,}" for count in candidate["views"]),
        "minutes": f"{candidate['minutes']:.0f}",
        "train": command(candidate["recipe"]),
        "recalibrate": candidate["recalibrate"],
        "prior": candidate["prior"],
        "temperature": f"{evaluation['temperature']:.3f}",
        "table": table(single, everything),
        "confusion": confusion(single["confusion"]),
        "compared": _side_by_side(candidate["compared"]),
        "operating": operating(
            candidate["operating_points"], single["operating_points"], everything["operating_points"]
        ),
        "reliability": reliability(everything["reliability"]),
        "subgroups": subgroups(everything["subgroups"]),
        "subgroup_photos": everything["photos"],
        "scope": scope(candidate["scope"]["measured"]),
        "scope_lesions": f"{candidate['scope']['measured']['lesion photos']:,}",
        "scope_others": candidate["scope"]["measured"]["other photos"],
        "scope_threshold": candidate["scope"]["threshold"],
        "in_scope": f"{everything['in_scope']:.1%}",
        "test_views": test_views(single, evaluation),
        "folds": folds(cross_validation),
    }
    for name, value in values.items():
        template = template.replace(f"{{{{{name}}}}}", str(value))
    if "{{" in template:
        raise ValueError("the template asks for something that is not there")
    return template


def command(recipe: dict) -> str:
    """The options of ``train`` that give this recipe."""
    schedule = recipe["schedule"]
    sizes = ",".join(f"{size}:{until:g}" for size, until in schedule["sizes"])
    named = {"schedule": schedule["kind"], "rate": f"{schedule['peak']:g}", "sizes": sizes}
    named |= {key.replace("_", "-"): value for key, value in recipe.items() if key not in ("schedule", "frozen")}
    options = [f"--{key} {value}" for key, value in named.items()]
    if recipe["frozen"]:
        options.append(f"--frozen {' '.join(recipe['frozen'])}")
    lines = [" ".join(options[start : start + 6]) for start in range(0, len(options), 6)]
    return " \\\n    ".join(["python -m skintree_train train", *lines])


def table(single: dict, everything: dict) -> str:
    """Rows of figures for one photo a lesion and for all photos."""
    rows = [
        ("photos", lambda f: f"{f['photos']:,}"),
        (
            "balanced accuracy, 7 classes (`scc` and `ak` as one, as in HAM10000)",
            lambda f: f"{f['balanced_accuracy_7']:.3f}",
        ),
        ("its 95 % interval (bootstrap)", lambda f: "{:.3f} to {:.3f}".format(*f["balanced_accuracy_7_95"])),
        ("accuracy, 7 classes", lambda f: f"{f['accuracy_7']:.3f}"),
        ("balanced accuracy, 8 classes", lambda f: f"{f['balanced_accuracy']:.3f}"),
        ("its 95 % interval (bootstrap)", lambda f: "{:.3f} to {:.3f}".format(*f["balanced_accuracy_95"])),
        ("accuracy, 8 classes", lambda f: f"{f['accuracy']:.3f}"),
        ("area under ROC, malignant or premalignant against benign", lambda f: f"{f['auc malignant']:.3f}"),
        (
            "area under ROC, {bcc, scc, ak} against bkl, with 95 % interval",
            lambda f: _with_interval(f, "auc carcinoma-or-keratosis"),
        ),
        (
            "area under ROC, mel against nv, with 95 % interval",
            lambda f: _with_interval(f, "auc melanoma-or-naevus"),
        ),
        ("log loss (nats)", lambda f: f"{f['log_loss']:.3f}"),
        ("expected calibration error (15 bins)", lambda f: f"{f['calibration_error']:.3f}"),
    ]
    rows += [(f"recall of {name}", lambda f, name=name: _recall(f, name)) for name in CLASSES]
    return "\n".join(f"| {title} | {show(single)} | {show(everything)} |" for title, show in rows)


def confusion(counts: list[list[int]]) -> str:
    """The confusion matrix as a table."""
    head = f"| true \\ answer | {' | '.join(CLASSES)} |\n|---|{'---|' * len(CLASSES)}"
    body = (f"| {name} | {' | '.join(map(str, row))} |" for name, row in zip(CLASSES, counts, strict=True))
    return "\n".join((head, *body))


def operating(chosen: dict[str, list], single: dict[str, list], everything: dict[str, list]) -> str:
    """What each operating point did where it was chosen and on the test fold."""
    head = "| question | point | threshold | validation fold | one photo a lesion | all photos |\n|---|---|---|---|---|---|"
    rows = [
        f"| {task} | {point['id']} | {point['threshold']:.4f} | {_pair(point)} | {_pair(one)} | {_pair(every)} |"
        for task, points in chosen.items()
        for point, one, every in zip(points, single[task], everything[task], strict=True)
    ]
    return "\n".join((head, *rows))


def folds(result: dict | None) -> str:
    """A column for each fold, for their mean and deviation, and for all photos together."""
    if not result:
        return "Not cross-validated: what stands above is one fold."
    intro = (
        f"{len(result['folds'])} of nine folds, one photo a lesion, each answered by a network that has not learned from it "
        "(`cross_validate`; recipes in `cross-validation.json`). A run whose checkpoints were chosen on its validation fold "
        "is measured on its test fold only.\n"
    )
    runs = [_run(run) for run in result["runs"]]
    rows = [
        ("accuracy, 7 classes", "accuracy_7"),
        ("balanced accuracy, 7 classes", "balanced_accuracy_7"),
        ("balanced accuracy, 8 classes", "balanced_accuracy"),
        ("accuracy, nine-way", "accuracy nine-way"),
        ("accuracy, three-way", "accuracy three-way"),
        ("area under ROC, mel against nv", "auc melanoma-or-naevus"),
        ("area under ROC, {bcc, scc, ak} against bkl", "auc carcinoma-or-keratosis"),
        ("area under ROC, malignant or premalignant against benign", "auc malignant"),
        ("log loss (nats)", "log_loss"),
        ("expected calibration error (15 bins)", "calibration_error"),
    ]
    titles = [
        *(f"fold {row['fold']}" for row in result["folds"]),
        "mean ± standard deviation",
        "together (95 % interval)",
    ]
    lines = [f"| | {' | '.join(titles)} |", f"|---|{'---|' * len(titles)}"]
    for title, key in rows:
        cells = [f"{row[key]:.3f}" for row in result["folds"]]
        cells.append(f"{result['mean'][key]:.3f} ± {result['deviation'][key]:.3f}")
        cells.append(_with_interval(result["together"], key))
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join((intro, *runs, "", *lines))


def _run(run: dict) -> str:
    """A line of the list of runs."""
    measured = " and ".join(f"fold {fold}" for fold in run["folds"])
    seen = ", ".join(f"{views:,}" for views in run["views"])
    weights = f"mean of the weights after {seen} views" if len(run["views"]) > 1 else f"{seen} views"
    return f"- {measured}: from {run['recipe']['start'] or 'the backbone'}, {weights}, {run['minutes']:.0f} minutes"


def _with_interval(figures: dict, key: str) -> str:
    """A figure with its 95 % interval, where there is one; nothing for levels, which are measured by fold only."""
    if key not in figures:
        return ""
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


def test_views(single: dict, evaluation: dict) -> str:
    """What averaging over views of each photo gives."""
    return _side_by_side(
        {"1 view": single} | {name: row for name, row in evaluation.items() if name.endswith(" views")}
    )


def _side_by_side(rows: dict[str, dict]) -> str:
    """A few figures of each, to compare."""
    shown = ("accuracy", "balanced_accuracy", "balanced_accuracy_7", "log_loss", "calibration_error")
    head = f"| | {' | '.join(name.replace('_', ' ') for name in shown)} |\n|---|{'---|' * len(shown)}"
    body = (f"| {name} | {' | '.join(f'{row[key]:.4f}' for key in shown)} |" for name, row in rows.items())
    return "\n".join((head, *body))


def _pair(point: dict) -> str:
    return f"{point['sensitivity']:.3f} / {point['specificity']:.3f}"


def _recall(figures: dict, name: str) -> str:
    return f"{figures['recall'][name]:.2f} (of {figures['photos_by_class'][name]:,})"
