//! The form in which people write and review a large taxonomy: an indented list, one node a line.
//!
//! ```text
//! [malignant] Malignant | 악성
//!   [malignant-melanoma] Malignant melanoma | 악성 흑색종
//!     [mel] Melanoma | 흑색종 | C43
//!       + Melanoma in situ by pattern | 제자리 흑색종의 유형 | D03
//!         Lentigo maligna | 악성흑자 | D03 | Hutchinson melanotic freckle
//! ```
//!
//! Two spaces a level. Fields: English name, Korean name, ICD-10 code, further English names parted by `;`; the last two
//! may be left out. `+` marks a heading, a node that gathers diseases but is none itself. The id follows from the
//! English name unless it stands in front in brackets, which is how a node keeps its id when its name changes. Empty
//! lines and lines that start with `#` mean nothing.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::{Level, SCHEMA, Taxonomy, TaxonomyError, Text, is_id};

/// Words that codes have and diseases have not: sides, rests, and sites that are only where something was found.
const NO_DISEASE: [&str; 9] =
    ["left", "right", "unspecified", "other", "overlapping", "elsewhere", "nos", "upper limb", "lower limb"];

/// Why a line cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the taxonomy's outline: {cause}")]
pub struct OutlineError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub cause: OutlineCause,
}

/// The causes of an [`OutlineError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutlineCause {
    /// Not a multiple of two spaces, or more than one level below the line before.
    #[error("indent by two spaces a level, at most one level deeper than the line before")]
    Indent,
    /// Fewer than two fields, more than four, or an empty one.
    #[error(
        "a line has the fields \"English | Korean | ICD-10 | synonym; synonym\", the last two optional, none empty"
    )]
    Fields,
    /// An id in brackets that is none, or an English name of which none can be made.
    #[error("\"{0}\" makes no id; ids are lower-case letters, digits and \"-\", and English names are plain ASCII")]
    Id(String),
}

/// What a reviewed taxonomy must not have. None of it keeps the tree from working.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A name, or a synonym, that stands for two nodes. Case and spaces do not count.
    #[error("lines {first} and {line} both say \"{name}\"")]
    DuplicateName {
        /// The later line.
        line: usize,
        /// The earlier one.
        first: usize,
        /// The name as the later line has it.
        name: String,
    },
    /// A name made of a code's remainder, not of a disease.
    #[error("line {line}: \"{name}\" has the word \"{word}\", so it names a code or a site, not a disease")]
    NoDisease {
        /// The line.
        line: usize,
        /// The English name.
        name: String,
        /// What gave it away.
        word: &'static str,
    },
    /// A disease without ICD-10 code.
    #[error("line {line}: \"{name}\" has no ICD-10 code")]
    NoCode {
        /// The line.
        line: usize,
        /// The English name.
        name: String,
    },
    /// A heading with nothing below it, or one where a class or group must stand.
    #[error("line {line}: the heading \"{name}\" must lie below a group and have diseases below it")]
    Heading {
        /// The line.
        line: usize,
        /// The English name.
        name: String,
    },
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Counted from 1.
    pub line: usize,
    /// 0 for a class, 1 for a group.
    pub depth: usize,
    /// Position of the parent in [`Outline::entries`].
    pub parent: Option<usize>,
    /// Given in brackets, or made of the English name.
    pub id: String,
    /// Gathers diseases, is none itself.
    pub heading: bool,
    /// English name.
    pub en: String,
    /// Korean name.
    pub ko: String,
    /// ICD-10 code as written.
    pub icd10: Option<String>,
    /// Further English names.
    pub synonyms: Vec<String>,
}

/// A taxonomy as it is written by hand, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    entries: Vec<Entry>,
}

impl Outline {
    /// Reads the lines. Whether they make a good tree is for [`findings`](Self::findings) and
    /// [`Taxonomy::parse`] to say.
    ///
    /// # Errors
    /// The first line that does not have the form above.
    pub fn parse(text: &str) -> Result<Self, OutlineError> {
        let mut entries = Vec::new();
        let mut above: Vec<usize> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let at = |cause| OutlineError { line: number + 1, cause };
            let content = line.trim_start_matches(' ');
            let spaces = line.len() - content.len();
            let depth = spaces / 2;
            if spaces % 2 != 0 || depth > above.len() {
                return Err(at(OutlineCause::Indent));
            }
            above.truncate(depth);
            let entry = read_line(content).map_err(at)?;
            let parent = above.last().copied();
            above.push(entries.len());
            entries.push(Entry { line: number + 1, depth, parent, ..entry });
        }
        Ok(Self { entries })
    }

    /// All lines, parents before children.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What lies below the groups and is no heading.
    pub fn diseases(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.depth >= 2 && !entry.heading)
    }

    /// The entry `depth` levels from the root above `entry`, or `entry` itself.
    #[must_use]
    pub fn ancestor<'a>(&'a self, mut entry: &'a Entry, depth: usize) -> &'a Entry {
        while let Some(parent) = entry.parent.filter(|_| entry.depth > depth) {
            entry = &self.entries[parent];
        }
        entry
    }

    /// What a reviewer must correct, by line.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.duplicate_names();
        let with_children: HashSet<usize> = self.entries.iter().filter_map(|entry| entry.parent).collect();
        for (at, entry) in self.entries.iter().enumerate() {
            let (line, name) = (entry.line, entry.en.clone());
            if entry.heading && (entry.depth < 2 || !with_children.contains(&at)) {
                findings.push(Finding::Heading { line, name });
            } else if entry.depth >= 2 && !entry.heading {
                if let Some(word) = no_disease(&entry.en) {
                    findings.push(Finding::NoDisease { line, name: name.clone(), word });
                }
                if entry.icd10.is_none() {
                    findings.push(Finding::NoCode { line, name });
                }
            }
        }
        findings
    }

    fn duplicate_names(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut first_lines: HashMap<String, usize> = HashMap::new();
        for entry in &self.entries {
            for name in [&entry.en, &entry.ko].into_iter().chain(&entry.synonyms) {
                let key: String = name.to_lowercase().split_whitespace().collect();
                match first_lines.get(&key) {
                    Some(&first) => {
                        findings.push(Finding::DuplicateName { line: entry.line, first, name: name.clone() });
                    }
                    None => _ = first_lines.insert(key, entry.line),
                }
            }
        }
        findings
    }

    /// The file `taxonomy.json`, one node a line.
    ///
    /// # Errors
    /// What [`Taxonomy::parse`] says of it.
    pub fn to_json(&self, id: &str) -> Result<String, TaxonomyError> {
        let invalid = |error: serde_json::Error| TaxonomyError::Json(error.to_string());
        let nodes = self.entries.iter().map(|entry| serde_json::to_string(&self.node(entry)).map_err(invalid));
        let nodes = nodes.collect::<Result<Vec<String>, _>>()?.join(",\n");
        let id = serde_json::to_string(id).map_err(invalid)?;
        let json = format!("{{\"schema\":\"{SCHEMA}\",\"id\":{id},\"nodes\":[\n{nodes}\n]}}\n");
        Taxonomy::parse(json.as_bytes())?;
        Ok(json)
    }

    fn node<'a>(&'a self, entry: &'a Entry) -> JsonNode<'a> {
        JsonNode {
            id: &entry.id,
            parent: entry.parent.map(|parent| self.entries[parent].id.as_str()),
            level: match entry.depth {
                0 => Level::Class,
                1 => Level::Group,
                _ => Level::Disease,
            },
            name: Text::en_ko(&entry.en, &entry.ko),
            icd10: entry.icd10.as_deref(),
            heading: entry.heading,
            synonyms: &entry.synonyms,
        }
    }
}

/// A node of `taxonomy.json`, with the two fields that only people use.
#[derive(Serialize)]
struct JsonNode<'a> {
    id: &'a str,
    parent: Option<&'a str>,
    level: Level,
    name: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    icd10: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    heading: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    synonyms: &'a [String],
}

/// An entry without its place.
fn read_line(content: &str) -> Result<Entry, OutlineCause> {
    let (heading, content) = content.strip_prefix("+ ").map_or((false, content), |rest| (true, rest));
    let (given, content) = match content.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((id, rest)) => (Some(id), rest),
        None => (None, content),
    };
    let fields: Vec<&str> = content.split('|').map(str::trim).collect();
    let (2..=4, false) = (fields.len(), fields.contains(&"")) else { return Err(OutlineCause::Fields) };
    let synonyms: Vec<String> =
        fields.get(3).map_or(Vec::new(), |list| list.split(';').map(|name| name.trim().to_owned()).collect());
    if synonyms.iter().any(String::is_empty) {
        return Err(OutlineCause::Fields);
    }
    let en = fields[0].to_owned();
    let id = given.map_or_else(|| id_of(&en), str::to_owned);
    if !is_id(&id) || !en.is_ascii() {
        return Err(OutlineCause::Id(given.map_or(en, str::to_owned)));
    }
    let icd10 = fields.get(2).map(|&code| code.to_owned());
    Ok(Entry { line: 0, depth: 0, parent: None, id, heading, en, ko: fields[1].to_owned(), icd10, synonyms })
}

/// "Bednar's tumour (DFSP)" becomes "bednars-tumour-dfsp".
fn id_of(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('\'', "");
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// The first word of [`NO_DISEASE`] that stands in `name` as a whole word.
fn no_disease(name: &str) -> Option<&'static str> {
    let spaced = |text: &str| format!(" {} ", text.replace('-', " "));
    let name = spaced(&id_of(name));
    NO_DISEASE.into_iter().find(|word| name.contains(&spaced(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
# A comment.

[benign] Benign | 양성
  [dermal] Dermal | 진피
    + Growths | 증식물
      [df] Dermatofibroma | 피부섬유종 | D23 | Benign fibrous histiocytoma; Histiocytoma
        Bednar's (odd) growth | 베드나르증식물 | D23
";

    fn causes(text: &str) -> Vec<String> {
        Outline::parse(text).unwrap().findings().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn reads_lines() {
        let outline = Outline::parse(TREE).unwrap();
        assert_eq!(outline.findings(), []);
        let ids: Vec<&str> = outline.entries().iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids, ["benign", "dermal", "growths", "df", "bednars-odd-growth"]);
        assert_eq!(outline.diseases().count(), 2);
        let last = &outline.entries()[4];
        assert_eq!((last.line, last.depth, last.parent, last.icd10.as_deref()), (7, 4, Some(3), Some("D23")));
        assert_eq!(outline.ancestor(last, 1).id, "dermal");
        assert_eq!(outline.entries()[3].synonyms, ["Benign fibrous histiocytoma", "Histiocytoma"]);
    }

    #[test]
    fn becomes_a_taxonomy() {
        let json = Outline::parse(TREE).unwrap().to_json("test").unwrap();
        let taxonomy = Taxonomy::parse(json.as_bytes()).unwrap();
        assert_eq!((taxonomy.id(), taxonomy.len()), ("test", 5));
        let node = taxonomy.node(taxonomy.find("df").unwrap());
        assert_eq!(
            (node.level, node.name.get("ko"), node.icd10.as_deref()),
            (Level::Disease, "피부섬유종", Some("D23"))
        );
        assert!(json.contains("\"heading\":true"));

        let twice = format!("{TREE}      [df] Again | 다시 | D23\n");
        let error = Outline::parse(&twice).unwrap().to_json("test").unwrap_err();
        assert_eq!(error, TaxonomyError::DuplicateId("df".to_owned()));
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        let cause = |text: &str| Outline::parse(text).unwrap_err();
        assert_eq!(cause("A | 가\n   B | 나").line, 2);
        assert_eq!(cause("A | 가\n    B | 나").cause, OutlineCause::Indent);
        for line in ["A", "A | ", "A | 가 | D23 | B;", "A | 가 | D23 | B | C"] {
            assert_eq!(cause(line).cause, OutlineCause::Fields, "{line}");
        }
        assert_eq!(cause("Naïve | 가").cause, OutlineCause::Id("Naïve".to_owned()));
        assert_eq!(cause("[A b] C | 가").cause, OutlineCause::Id("A b".to_owned()));
    }

    #[test]
    fn finds_what_is_no_disease() {
        let base = "Benign | 양성\n  Dermal | 진피\n";
        assert_eq!(
            causes(&format!("{base}    Wen | 낭 | L72\n    Cyst | 낭 | L72")),
            ["lines 3 and 4 both say \"낭\""]
        );
        assert_eq!(causes(&format!("{base}    Wen | 낭 | L72 | dermal")).len(), 1);
        assert_eq!(causes(&format!("{base}    Wen | 낭")), ["line 3: \"Wen\" has no ICD-10 code"]);
        assert!(causes(&format!("{base}    + Empty | 빈"))[0].contains("heading"));
        assert!(causes(&format!("{base}    Melanoma of left upper limb | 흑 | C43.62"))[0].contains("\"left\""));
        assert!(causes(&format!("{base}    Dextrighted leftover | 흑 | C43")).is_empty());
    }
}
