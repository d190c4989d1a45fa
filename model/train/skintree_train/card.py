"""The model card: ``model/source/card.md`` with the measured figures filled in."""

from . import paths
from .labels import CLASSES


def render(evaluation: dict, candidate: dict) -> str:
    """Text of the card from ``evaluation.json`` and the candidate that ``quantise`` saved."""
    template = (paths.SOURCE / "card.md").read_text(encoding="utf-8")
    single, everything = evaluation["one_per_lesion"], evaluation["all_photos"]
    values = {
        "version": evaluation["model"]["version"],
        "sha256": evaluation["model"]["sha256"],
        "fold": evaluation["fold"],
        "photos": f"{candidate['photos']:,}",
        "lesions": f"{candidate['lesions']:,}",
        "counts": ", ".join(f"{name} {count:,}" for name, count in zip(CLASSES, candidate["counts"], strict=True)),
        "views": f"{candidate['views']:,}",
        "minutes": f"{candidate['minutes']:.0f}",
        "train": command(candidate["recipe"]),
        "recalibrate": candidate["recalibrate"],
        "prior": candidate["prior"],
        "temperature": f"{evaluation['temperature']:.3f}",
        "table": table(single, everything),
        "confusion": confusion(single["confusion"]),
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
        ("balanced accuracy, 8 classes", lambda f: f"{f['balanced_accuracy']:.3f}"),
        ("its 95 % interval (bootstrap)", lambda f: "{:.3f} to {:.3f}".format(*f["balanced_accuracy_95"])),
        ("accuracy", lambda f: f"{f['accuracy']:.3f}"),
        ("area under ROC, malignant or premalignant against benign", lambda f: f"{f['auc malignant']:.3f}"),
        ("area under ROC, {bcc, scc, ak} against bkl", lambda f: f"{f['auc carcinoma-or-keratosis']:.3f}"),
        ("area under ROC, mel against nv", lambda f: f"{f['auc melanoma-or-naevus']:.3f}"),
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


def _recall(figures: dict, name: str) -> str:
    return f"{figures['recall'][name]:.2f} (of {figures['photos_by_class'][name]:,})"
