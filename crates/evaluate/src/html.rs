//! An evaluation as one HTML file that needs nothing else.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::plot;
use crate::result::{ClassFigures, Estimate, Evaluation, Folds, LabelCount, LevelFigures, Subgroups, TaskFigures};
use crate::roc::Proportion;

/// What a report needs as a page of its own; in the evaluation page its own style has that.
const PAGE_STYLE: &str = include_str!("page.css");
/// How a report looks, in a file and in the evaluation page, which takes it from here.
const REPORT_STYLE: &str = include_str!("report.css");
/// Shades of a confusion matrix.
const SHADES: f64 = 10.0;
/// More rows than this are folded away; more classes make no matrix.
const MANY: usize = 30;

impl Evaluation {
    /// The report as a self-contained HTML document, in English: no script, no request; for screens, dark ones too,
    /// and for print.
    #[must_use]
    pub fn to_html(&self) -> String {
        let title = format!("Evaluation of {} {}", self.model.id, self.model.version);
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    style { (PreEscaped(PAGE_STYLE)) }
                    style id="report-style" { (PreEscaped(REPORT_STYLE)) }
                }
                body { main { (self.body()) } }
            }
        }
        .into_string()
    }

    fn body(&self) -> Markup {
        html! {
            article.evaluation lang="en" {
                h1 { "Evaluation of " (self.model.id) " " (self.model.version) }
                p.note { (self.disclaimer.en()) }
                (self.overview())
                (self.accuracies())
                (level("The model's own classes", &self.fine, true))
                (level("Groups (nine-way)", &self.groups, false))
                (level("Classes (three-way)", &self.classes, false))
                @for task in &self.tasks { (question(task)) }
                section {
                    h2 { "Calibration" }
                    p { "Of the answers given a probability, how many are right? On the diagonal, the probability is the truth. Expected calibration error (" (self.calibration.bins.len()) " bins): "
                        (decimal(self.calibration.expected_calibration_error)) "; Brier score of the first answer: " (decimal(self.calibration.brier)) "." }
                    figure { (plot::reliability(&self.calibration, "Reliability of the first answer")) }
                }
                @if !self.subgroups.is_empty() { (self.subgroups()) }
                section {
                    h2 { "What looks alike to the network" }
                    @if let Some(embedding) = &self.embedding {
                        p { (embedding.method) " Each dot is a photo. Distances between far groups mean nothing." }
                        figure { (plot::scatter(embedding)) (legend(&embedding.groups)) }
                    } @else {
                        p { "This report has no map of the network's features (t-SNE). Only the command line draws one, of ten photos or more." }
                    }
                }
                (self.mistakes())
                (self.skipped())
                (self.method())
            }
        }
    }

    fn overview(&self) -> Markup {
        let data = &self.data;
        html! {
            section {
                h2 { "Photos and model" }
                dl {
                    dt { "Photos" }
                    dd { (data.photos) @if let Some(lesions) = data.lesions { " of " (lesions) " lesions" }
                        @if !data.skipped.is_empty() { "; " (data.skipped.len()) " could not be read" } }
                    @if !data.selection.is_empty() { dt { "Chosen by" } dd { (data.selection.join("; ")) } }
                    dt { "Labels" }
                    dd { (folded(&data.labels, "labels", |labels| html! { ul { @for label in labels {
                        li { (label.name.en()) " (" (label.id) "): " (label.photos)
                            @if !label.covered { strong { ", which this model cannot know" } } }
                    } } })) }
                    dt { "Model" } dd { (self.model.id) " " (self.model.version) ", " (self.model.licence) ", SHA-256 " code { (self.model.sha256) } }
                    dt { "Photos the model has learned from" } dd { (self.model.trained_on.en()) }
                    dt { "Meant for" } dd { (self.model.intended_use.en()) }
                    dt { "Engine" } dd { (self.engine.name) @if let Some(adapter) = &self.engine.adapter { ", " (adapter) } }
                }
                p.hint { "Whether some of these photos were among those that the model learned from, this program cannot know. Figures on photos it has seen mean nothing." }
            }
        }
    }

    fn accuracies(&self) -> Markup {
        let ours = |level: &LevelFigures| {
            html! {
                td { (percent(&level.accuracy)) } td { (percent(&level.balanced_accuracy)) } td { (spread(level.folds.as_ref())) } td { (level.photos) }
            }
        };
        html! {
            section {
                h2 { "Accuracy at each level" }
                (scroller("Accuracy at each level", &html! {
                    thead { tr { th scope="col" { "Level" } th scope="col" { "Accuracy (95 % interval)" } th scope="col" { "Balanced accuracy" } th scope="col" { "Accuracy over folds: mean ± s.d." } th scope="col" { "Photos" } } }
                    tbody {
                        tr { th scope="row" { "Three-way" } (ours(&self.classes)) }
                        tr { th scope="row" { "Nine-way" } (ours(&self.groups)) }
                        tr { th scope="row" { "Model's own classes" } (ours(&self.fine)) }
                    }
                }))
                p.hint { "Folds are those of the table. They make a cross-validation only if each was answered by a model that had not seen it." }
            }
        }
    }

    fn subgroups(&self) -> Markup {
        html! {
            section {
                h2 { "Subgroups" }
                p.hint { "A wide interval means that there are too few photos to tell. Behind an area stand the photos of the two sides of the question." }
                @for table in &self.subgroups { (self.subgroup_table(table)) }
            }
        }
    }

    fn subgroup_table(&self, table: &Subgroups) -> Markup {
        let name = format!("By {}", table.column);
        html! {
            h3 { (name) }
            (scroller(&name, &html! {
                thead { tr {
                    th scope="col" { (table.column) } th scope="col" { "Photos" } th scope="col" { "Own classes" } th scope="col" { "Three-way" }
                    @for task in &self.tasks { th scope="col" { "AUC: " (task.name.en()) } }
                } }
                tbody { @for row in &table.rows { tr {
                    th scope="row" { @if row.value.is_empty() { "not known" } @else { (row.value) } }
                    td { (row.photos) } td { (percent(&row.fine_accuracy)) } td { (percent(&row.class_accuracy)) }
                    @for task in &row.tasks { td { (area(&task.auc)) " " span.count.figure { (task.positives) " / " (task.negatives) } } }
                } } }
            }))
        }
    }

    fn mistakes(&self) -> Markup {
        html! {
            @if !self.mistakes.is_empty() { section {
                h2 { "Surest wrong answers" }
                p.hint { "Worth looking at: some may be wrong labels." }
                (scroller("Surest wrong answers", &html! {
                    thead { tr { th scope="col" { "Photo" } th scope="col" { "Label" } th scope="col" { "Answer" } th scope="col" { "Probability" } } }
                    tbody { @for mistake in &self.mistakes { tr {
                        th scope="row" { (mistake.file) } td { (mistake.label) } td { (mistake.answer) } td { (decimal(Some(mistake.probability))) }
                    } } }
                }))
            } }
        }
    }

    fn skipped(&self) -> Markup {
        html! {
            @if !self.data.skipped.is_empty() { section {
                h2 { "Photos left out" }
                (folded(&self.data.skipped, "photos", |photos| scroller("Photos left out", &html! {
                    thead { tr { th scope="col" { "Photo" } th scope="col" { "Code" } th scope="col" { "Reason" } } }
                    tbody { @for photo in photos { tr {
                        th scope="row" { (photo.file) } td { (photo.code) } td { (photo.message) }
                    } } }
                })))
            } }
        }
    }

    fn method(&self) -> Markup {
        html! {
            section {
                h2 { "How it was computed" }
                p { "A photo counts at a level if it is labelled there or below. The probability of a node is that of all classes at or below it; the highest is the answer. "
                    "Accuracies and areas have 95 % percentile bootstrap intervals (" (self.resamples) " resamples, seed " (self.seed) ": lesions are drawn with replacement, with all their photos, within each label); recall, precision, sensitivity and specificity have Wilson intervals, which take photos as independent. "
                    "A dash stands for a figure that these photos do not define. report.json holds every number at full precision." }
            }
        }
    }
}

fn level(title: &str, level: &LevelFigures, fine: bool) -> Markup {
    html! {
        section {
            h2 { (title) }
            p { (level.photos) " photos. Accuracy " (percent(&level.accuracy)) ", balanced accuracy " (percent(&level.balanced_accuracy))
                @if fine { ", truth among the first three " (percent(&level.top_3_accuracy)) }
                ", log loss " (decimal(level.log_loss)) "." }
            (folded(&ordered(&level.classes), "classes", |classes| class_table(title, classes)))
            @if level.classes.len() > MANY { (confusions(title, level)) } @else { (matrix(title, level)) }
            @if let Some(folds) = &level.folds { @if folds.folds.len() > 1 { (fold_table(title, folds)) } }
        }
    }
}

/// The classes in their order; of many only those that occur or were answered, the most frequent first.
fn ordered(classes: &[ClassFigures]) -> Vec<&ClassFigures> {
    let mut ordered: Vec<&ClassFigures> = classes.iter().collect();
    if classes.len() > MANY {
        ordered.retain(|class| class.photos > 0 || class.precision.of > 0);
        ordered.sort_by_key(|class| std::cmp::Reverse(class.photos));
    }
    ordered
}

fn class_table(title: &str, classes: &[&ClassFigures]) -> Markup {
    scroller(
        &format!("{title}: each class"),
        &html! {
            thead { tr { th scope="col" { "Class" } th scope="col" { "Photos" } th scope="col" { "Recall" } th scope="col" { "Precision" } th scope="col" { "AUC against the rest" } } }
            tbody { @for class in classes { tr {
                th scope="row" { (class.name.en()) @if !class.covered { em { " (this model cannot know)" } } }
                td { (class.photos) } td { (proportion(&class.recall)) } td { (proportion(&class.precision)) } td { (decimal(class.auc)) }
            } } }
        },
    )
}

fn matrix(title: &str, level: &LevelFigures) -> Markup {
    html! {
        h3 { "Answers by label" }
        (scroller(&format!("{title}: answers by label"), &html! {
            thead { tr { th scope="col" { "Label \\ answer" } @for class in &level.classes { th scope="col" { (class.id) } } } }
            tbody { @for (class, row) in level.classes.iter().zip(&level.confusion) { tr {
                th scope="row" { (class.id) }
                @for &count in row { td class=(shade(count, class.photos)) { (count) } }
            } } }
        }))
    }
}

/// What is taken for what, the most frequent first: a matrix of many classes could not be read.
fn confusions(title: &str, level: &LevelFigures) -> Markup {
    let row = |(truth, counts): (usize, &Vec<u64>)| -> Vec<(u64, usize, usize)> {
        let wrong = counts.iter().enumerate().filter(|&(answer, &count)| answer != truth && count > 0);
        wrong.map(|(answer, &count)| (count, truth, answer)).collect()
    };
    let mut wrong: Vec<(u64, usize, usize)> = level.confusion.iter().enumerate().flat_map(row).collect();
    wrong.sort_by_key(|&(count, ..)| std::cmp::Reverse(count));
    let table = |wrong: &[(u64, usize, usize)]| {
        scroller(
            &format!("{title}: most frequent confusions"),
            &html! {
                thead { tr { th scope="col" { "Label" } th scope="col" { "Answer" } th scope="col" { "Photos" } th scope="col" { "Of those with the label" } } }
                tbody { @for &(count, truth, answer) in wrong { tr {
                    th scope="row" { (level.classes[truth].name.en()) } td { (level.classes[answer].name.en()) }
                    td { (count) } td { (level.classes[truth].photos) }
                } } }
            },
        )
    };
    html! {
        h3 { "Most frequent confusions" }
        (folded(&wrong, "confusions", table))
    }
}

/// Shows the first of many items, and the others on a click.
fn folded<T>(items: &[T], what: &str, show: impl Fn(&[T]) -> Markup) -> Markup {
    let (first, rest) = items.split_at(MANY.min(items.len()));
    html! {
        (show(first))
        @if !rest.is_empty() {
            details {
                summary { (rest.len()) " more " (what) }
                (show(rest))
            }
        }
    }
}

fn fold_table(title: &str, folds: &Folds) -> Markup {
    html! {
        h3 { "By fold" }
        (scroller(&format!("{title}: by fold"), &html! {
            thead { tr { th scope="col" { "Fold" } th scope="col" { "Photos" } th scope="col" { "Accuracy" } th scope="col" { "Balanced accuracy" } } }
            tbody { @for fold in &folds.folds { tr {
                th scope="row" { (fold.fold) } td { (fold.photos) } td { (hundred(Some(fold.accuracy))) } td { (hundred(fold.balanced_accuracy)) }
            } } }
        }))
    }
}

fn question(task: &TaskFigures) -> Markup {
    html! {
        section {
            h2 { (task.name.en()) }
            p { (task.positives) " × " (task.positive.en()) ", " (task.negatives) " × " (task.negative.en()) ". Area under the ROC curve: " (area(&task.auc)) "." }
            @match &task.curve {
                Some(curve) => {
                    figure {
                        (plot::roc(task, curve))
                        figcaption {
                            "Line: this model on these photos. Squares: the operating points below. "
                            @if let Some(readers) = &task.readers { "Dots: " (readers.points.len()) " dermatologists. " (readers.source.en()) }
                        }
                    }
                    (scroller(&format!("{}: operating points", task.name.en()), &html! {
                        thead { tr { th scope="col" { "Operating point" } th scope="col" { "Threshold" } th scope="col" { "Sensitivity" } th scope="col" { "Specificity" } } }
                        tbody { @for point in &task.operating_points { tr {
                            th scope="row" { (point.id) @if point.chosen_on == "pack" { " (fixed by the pack)" } @else { " (chosen on these photos, so it flatters)" } }
                            td { (format!("{:.4}", point.threshold)) } td { (proportion(&point.sensitivity)) } td { (proportion(&point.specificity)) }
                        } } }
                    }))
                    figure {
                        (plot::reliability(&task.calibration, &format!("Reliability: {}", task.name.en())))
                        figcaption { "Calibration of this question; expected calibration error " (decimal(task.calibration.expected_calibration_error)) "." }
                    }
                }
                None => p { "There are not photos of both sides, so there is no curve." }
            }
        }
    }
}

fn legend(groups: &[LabelCount]) -> Markup {
    html! {
        ul.legend { @for (place, group) in groups.iter().enumerate() {
            li { svg.key viewBox="0 0 10 10" aria-hidden="true" { circle class=(format!("dot group-{}", place % 9)) cx="5" cy="5" r="5" {} } (group.name.en()) " (" (group.photos) ")" }
        } }
    }
}

/// A table that scrolls in itself where it is wider than the screen, also by keyboard.
fn scroller(label: &str, table: &Markup) -> Markup {
    html! { div.scroller tabindex="0" role="region" aria-label=(label) { table { (table) } } }
}

fn shade(count: u64, of: u64) -> String {
    let share = if of == 0 { 0.0 } else { count as f64 / of as f64 };
    format!("shade-{}", (share * SHADES).round())
}

fn spread(folds: Option<&Folds>) -> String {
    match folds {
        Some(folds) if folds.folds.len() > 1 => {
            let deviation = folds.standard_deviation.unwrap_or_default() * 100.0;
            format!("{:.1} ± {deviation:.1} % ({} folds)", folds.mean * 100.0, folds.folds.len())
        }
        _ => "–".to_owned(),
    }
}

fn percent(estimate: &Estimate) -> Markup {
    interval(&hundred(estimate.value), estimate.interval, |value| format!("{:.1}", value * 100.0))
}

fn area(estimate: &Estimate) -> Markup {
    interval(&decimal(estimate.value), estimate.interval, |value| format!("{value:.3}"))
}

fn proportion(proportion: &Proportion) -> Markup {
    interval(&hundred(proportion.value), proportion.interval, |value| format!("{:.1}", value * 100.0))
}

/// A value and its interval, between which a line may break.
fn interval(value: &str, interval: Option<[f64; 2]>, end: impl Fn(f64) -> String) -> Markup {
    html! {
        span.figure { (value) }
        @if let Some([low, high]) = interval { " " span.figure { "(" (end(low)) " to " (end(high)) ")" } }
    }
}

fn hundred(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.1} %", value * 100.0))
}

fn decimal(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}
