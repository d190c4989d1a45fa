//! Text for people, in several languages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One text in several languages: `{"en": "...", "ko": "..."}`. English is always there and never blank.
///
/// Languages are kept in the order of their codes, so that a text always serialises to the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts", rename = "LocalText"))]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Text(
    #[cfg_attr(feature = "types", ts(type = "{ en: string; [language: string]: string | undefined }"))]
    BTreeMap<String, String>,
);

impl Text {
    /// The text in English and Korean, the two languages of skintree itself.
    #[must_use]
    pub fn en_ko(en: &str, ko: &str) -> Self {
        Self(BTreeMap::from([("en".to_owned(), en.to_owned()), ("ko".to_owned(), ko.to_owned())]))
    }

    /// The text in the language asked for (`"ko"`, or `"ko-KR"`), else in English.
    #[must_use]
    pub fn get(&self, lang: &str) -> &str {
        let primary = lang.split(['-', '_']).next().unwrap_or(lang);
        [lang, primary, "en"].iter().find_map(|key| self.0.get(*key)).map_or("", String::as_str)
    }

    /// The text in English.
    #[must_use]
    pub fn en(&self) -> &str {
        self.get("en")
    }

    /// The text in each language there is.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }
}

impl TryFrom<BTreeMap<String, String>> for Text {
    type Error = &'static str;

    fn try_from(by_language: BTreeMap<String, String>) -> Result<Self, Self::Error> {
        match by_language.get("en") {
            Some(en) if !en.trim().is_empty() => Ok(Self(by_language)),
            _ => Err("a text must have a non-empty \"en\" entry"),
        }
    }
}

impl From<Text> for BTreeMap<String, String> {
    fn from(text: Text) -> Self {
        text.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_back_to_english() {
        let text = Text::en_ko("mole", "점");
        assert_eq!(text.get("ko"), "점");
        assert_eq!(text.get("ko-KR"), "점");
        assert_eq!(text.get("de"), "mole");
        assert_eq!(text.en(), "mole");
    }

    #[test]
    fn has_all_its_languages() {
        assert_eq!(Text::en_ko("mole", "점").all().collect::<Vec<_>>(), ["mole", "점"]);
    }

    #[test]
    fn english_is_required() {
        assert!(serde_json::from_str::<Text>(r#"{"ko": "점"}"#).is_err());
        assert!(serde_json::from_str::<Text>(r#"{"en": " "}"#).is_err());
        assert!(serde_json::from_str::<Text>(r#"{"en": "mole"}"#).is_ok());
    }
}
