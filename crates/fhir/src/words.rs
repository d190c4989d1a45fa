//! Texts in the language of the record.

use skintree::taxonomy::Text;

use crate::resources::{Annotation, CodeableConcept};

/// The language of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a> {
    language: &'a str,
}

impl<'a> Words<'a> {
    pub(crate) fn new(language: &'a str) -> Self {
        Self { language }
    }

    /// For FHIR's `language`, where every word of a resource is in it.
    pub(crate) fn tag(self) -> Option<&'static str> {
        ["en", "ko"].into_iter().find(|&known| self.language.split(['-', '_']).next() == Some(known))
    }

    /// A text of skintree's own.
    pub(crate) fn say(self, en: &str, ko: &str) -> String {
        Text::en_ko(en, ko).get(self.language).to_owned()
    }

    /// A text of a pack.
    pub(crate) fn local(self, text: &Text) -> String {
        clean(text.get(self.language))
    }

    /// [`Self::say`] as a concept.
    pub(crate) fn concept(self, en: &str, ko: &str) -> CodeableConcept {
        CodeableConcept::text(self.say(en, ko))
    }

    /// [`Self::local`] as a note.
    pub(crate) fn note(self, text: &Text) -> Annotation {
        Annotation { text: self.local(text) }
    }
}

/// FHIR's `string` has no control characters but those of lines.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\t' | '\n' | '\r') { ' ' } else { c }).collect()
}
