//! A report for a terminal.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::{Alternative, Certainty, Conclusion, Likelihood, Report, TreeResult};
use crate::taxonomy::Level;

/// Width of a bar in characters.
const BAR: usize = 20;
/// Deepest indentation; trees may be much deeper.
const MAX_INDENT: usize = 12;
/// A tree of at most so many nodes is shown whole; of a larger one only what matters.
const WHOLE: usize = 40;

/// The words around the numbers.
struct Words {
    photo: &'static str,
    kind: &'static str,
    model: &'static str,
    engine: &'static str,
    trained_on: &'static str,
    likely: &'static str,
    undecided: &'static str,
    out_of_scope: &'static str,
    not_ruled_out: &'static str,
    also: &'static str,
    possible: &'static str,
    less_likely: &'static str,
    unlikely: &'static str,
    questions: &'static str,
    neither: &'static str,
    warning: &'static str,
    unknown: &'static str,
    /// After a number.
    others: &'static str,
}

impl Words {
    fn of(lang: &str) -> &'static Self {
        if lang.starts_with("ko") { &KOREAN } else { &ENGLISH }
    }
}

const ENGLISH: Words = Words {
    photo: "Photo",
    kind: "Taken for",
    model: "Model",
    engine: "Engine",
    trained_on: "Trained on",
    likely: "Most likely",
    undecided: "Undecided: no diagnosis or group is likely enough to be named",
    out_of_scope: "No answer: the photo does not look like those the model knows",
    not_ruled_out: "Not ruled out",
    also: "Elsewhere in the tree",
    possible: "possible",
    less_likely: "less likely",
    unlikely: "unlikely, but not ruled out",
    questions: "Questions",
    neither: "probably neither: together they have only",
    warning: "Warning",
    unknown: "not known to this model",
    others: "diagnoses are less probable than these, together",
};

const KOREAN: Words = Words {
    photo: "사진",
    kind: "사진 종류 판단",
    model: "모델",
    engine: "엔진",
    trained_on: "학습 자료",
    likely: "가능성이 가장 높음",
    undecided: "판단하지 못함: 이름을 댈 만큼 가능성이 높은 진단이나 분류가 없음",
    out_of_scope: "답 없음: 모델이 아는 사진과 비슷하지 않음",
    not_ruled_out: "배제하지 못함",
    also: "다른 쪽 진단",
    possible: "가능함",
    less_likely: "가능성이 더 낮음",
    unlikely: "가능성이 낮지만 배제할 수 없음",
    questions: "질문",
    neither: "둘 다 아닐 가능성이 큼: 두 확률의 합",
    warning: "주의",
    unknown: "이 모델이 알지 못함",
    others: "개 진단은 이보다 가능성이 낮음, 합계",
};

impl Report {
    /// The report as plain text with the tree as bars, in English or Korean (`"ko"`); names of nodes in any language
    /// the pack has, else in English. Of a large tree it shows the classes, the groups and the way down to each of
    /// [`Report::fine`], and says how much the other diagnoses have together. Ends with a newline.
    #[must_use]
    pub fn to_text(&self, lang: &str) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_text(&mut out, lang);
        out
    }

    fn write_text(&self, out: &mut String, lang: &str) -> std::fmt::Result {
        let words = Words::of(lang);
        writeln!(out, "{}\n", self.disclaimer.get(lang))?;
        let photo = &self.photo;
        writeln!(
            out,
            "{}: {} {} x {}, SHA-256 {}",
            words.photo, photo.format, photo.width, photo.height, photo.sha256
        )?;
        if let Some(kind) = &self.photo_kind {
            write!(out, "{}: {}", words.kind, kind.name.get(lang))?;
            if !kind.given {
                write!(out, " ({})", percent(kind.probability).trim_start())?;
            }
            writeln!(out, "{}", kind.figures.as_ref().map_or(String::new(), |text| format!("\n  {}", text.get(lang))))?;
        }
        let model = &self.model;
        writeln!(out, "{}: {} {}, {}, SHA-256 {}", words.model, model.id, model.version, model.licence, model.sha256)?;
        writeln!(out, "{}: {}", words.trained_on, model.trained_on.get(lang))?;
        write!(out, "{}: {}", words.engine, self.engine.name)?;
        if let Some(adapter) = &self.engine.adapter {
            write!(out, ", {adapter}")?;
        }
        writeln!(out, ", {:.0} ms", self.timings.engine_ms)?;
        if let Some(fallback) = &self.engine.fallback {
            writeln!(out, "  {}", fallback.message.get(lang))?;
        }
        if let Some(reason) = &self.engine.fallback_reason {
            writeln!(out, "  {reason}")?;
        }
        for warning in &self.warnings {
            writeln!(out, "{}: {}", words.warning, warning.message.get(lang))?;
        }
        writeln!(out)?;
        for sentence in self.conclusion_sentences(lang) {
            writeln!(out, "{sentence}")?;
        }
        writeln!(out)?;
        self.write_tree(out, lang, words)?;
        self.write_tasks(out, lang, words)
    }

    /// What the report comes down to, a sentence each, in English or Korean (`"ko"`): what is most likely, what else may
    /// be, what is not ruled out. Never empty.
    #[must_use]
    pub fn conclusion_sentences(&self, lang: &str) -> Vec<String> {
        let words = Words::of(lang);
        let Conclusion { certainty, lead, lead_class, alternative, not_ruled_out, .. } = &self.conclusion;
        let name = |id: &str| self.tree.iter().find(|node| node.id == *id).map_or("", |node| node.name.get(lang));
        let mut sentences = vec![match certainty {
            Certainty::OutOfScope => return vec![words.out_of_scope.to_owned()],
            Certainty::Undecided => words.undecided.to_owned(),
            Certainty::Likely if lead == lead_class => format!("{}: {}", words.likely, name(lead)),
            Certainty::Likely => format!("{}: {} ({})", words.likely, name(lead), name(lead_class)),
        }];
        if let (Certainty::Likely, Some(Alternative { node, likelihood })) = (certainty, alternative) {
            let how = match likelihood {
                Likelihood::Possible => words.possible,
                Likelihood::LessLikely => words.less_likely,
                Likelihood::Unlikely => words.unlikely,
            };
            sentences.push(format!("{}: {}, {how}", words.also, name(node)));
        }
        let open = self.tasks.iter().filter(|task| not_ruled_out.contains(&task.id));
        sentences.extend(open.map(|task| format!("{}: {}", words.not_ruled_out, task.positive.name.get(lang))));
        sentences
    }

    fn write_tree(&self, out: &mut String, lang: &str, words: &Words) -> std::fmt::Result {
        let shown = self.shown();
        let mut depths: HashMap<&str, usize> = HashMap::with_capacity(self.tree.len());
        for node in &self.tree {
            let depth = node.parent.as_deref().and_then(|parent| depths.get(parent)).map_or(0, |depth| depth + 1);
            depths.insert(&node.id, depth);
            if shown.contains(node.id.as_str()) {
                write_node(out, node, depth, lang, words)?;
            }
        }
        let others = self.tree.iter().filter(|node| node.fine).count().saturating_sub(self.fine.len());
        if others > 0 && self.tree.len() > WHOLE {
            let rest = 1.0 - self.fine.iter().map(|fine| fine.probability).sum::<f64>();
            writeln!(out, "{others} {} {}", words.others, percent(rest.clamp(0.0, 1.0)).trim_start())?;
        }
        Ok(())
    }

    /// Ids of the nodes that the text shows.
    fn shown(&self) -> HashSet<&str> {
        if self.tree.len() <= WHOLE {
            return self.tree.iter().map(|node| node.id.as_str()).collect();
        }
        let mut shown: HashSet<&str> =
            self.tree.iter().filter(|node| node.level != Level::Disease).map(|node| node.id.as_str()).collect();
        let parents: HashMap<&str, Option<&str>> =
            self.tree.iter().map(|node| (node.id.as_str(), node.parent.as_deref())).collect();
        for fine in &self.fine {
            let mut node = Some(fine.id.as_str());
            while let Some(id) = node.filter(|&id| shown.insert(id)) {
                node = parents.get(id).copied().flatten();
            }
        }
        shown
    }

    fn write_tasks(&self, out: &mut String, lang: &str, words: &Words) -> std::fmt::Result {
        if !self.tasks.is_empty() {
            writeln!(out, "\n{}", words.questions)?;
        }
        for task in &self.tasks {
            writeln!(out, "  {}", task.name.get(lang))?;
            for side in [&task.positive, &task.negative] {
                writeln!(out, "    {} {}  {}", bar(side.probability), percent(side.probability), side.name.get(lang))?;
            }
            if !task.applies {
                writeln!(out, "    {} {}", words.neither, percent(task.mass).trim_start())?;
            }
        }
        Ok(())
    }
}

fn write_node(out: &mut String, node: &TreeResult, depth: usize, lang: &str, words: &Words) -> std::fmt::Result {
    let indent = "  ".repeat(depth.min(MAX_INDENT));
    if node.covered {
        write!(out, "{} {}  {indent}{}", bar(node.probability), percent(node.probability), node.name.get(lang))?;
    } else {
        let blank = " ".repeat(BAR);
        write!(out, "{blank}      -  {indent}{} ({})", node.name.get(lang), words.unknown)?;
    }
    match &node.icd10 {
        Some(code) => writeln!(out, " [{code}]"),
        None => writeln!(out),
    }
}

fn bar(probability: f64) -> String {
    let full = ((probability * BAR as f64).round() as usize).min(BAR);
    "█".repeat(full) + &"░".repeat(BAR - full)
}

/// Six characters wide. What is not quite 0 or 100 % never reads so: it matters for a melanoma.
fn percent(probability: f64) -> String {
    let percent = probability * 100.0;
    if probability > 0.0 && percent < 0.05 {
        return "<0.1 %".to_owned();
    }
    if probability < 1.0 && percent >= 99.95 {
        return ">99.9%".to_owned();
    }
    if percent >= 99.95 { " 100 %".to_owned() } else { format!("{percent:>4.1} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_of_one_width_and_do_not_overstate() {
        let cases = [
            (0.0, " 0.0 %"),
            (1e-9, "<0.1 %"),
            (0.5, "50.0 %"),
            (0.9999, ">99.9%"),
            (1.0, " 100 %"),
            (0.042, " 4.2 %"),
        ];
        for (probability, text) in cases {
            assert_eq!(percent(probability), text);
            assert_eq!(percent(probability).chars().count(), 6);
        }
    }

    #[test]
    fn bars_fill_up() {
        assert_eq!(bar(0.0), "░".repeat(BAR));
        assert_eq!(bar(1.0), "█".repeat(BAR));
        assert_eq!(bar(1.000_000_1), "█".repeat(BAR));
        assert_eq!(bar(0.5).chars().filter(|&c| c == '█').count(), BAR / 2);
    }
}
