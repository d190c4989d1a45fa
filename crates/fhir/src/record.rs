//! What the resources are made of, and what they have in common.

use sha2::{Digest, Sha256};
use skintree::report::Report;

use crate::options::Options;
use crate::resources::Reference;
use crate::words::{Words, clean};

/// What the resources are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) report: &'a Report,
    pub(crate) options: &'a Options,
    pub(crate) words: Words<'a>,
}

impl Record<'_> {
    /// The name of a resource of the bundle: the same photo, model, engine, patient and time have the same one, and all others
    /// another.
    pub(crate) fn url(self, resource: &str) -> String {
        self.uuid(resource).urn().to_string()
    }

    pub(crate) fn device_reference(self) -> Reference {
        Reference::within(self.url("device"), "Device")
    }

    /// A UUID of version 8 (RFC 9562, section 5.8) of what tells a record from others.
    pub(crate) fn uuid(self, resource: &str) -> uuid::Uuid {
        let Options { subject, effective, issued, language } = self.options;
        let Report { photo, model, engine, photo_kind, views, .. } = self.report;
        let kind = photo_kind.as_ref().map(|kind| &kind.id);
        let parts = (resource, &photo.sha256, &model.manifest_sha256, (&engine.name, &engine.kernels), kind, views);
        let digest = Sha256::digest(format!("{parts:?}{subject:?}{effective:?}{issued:?}{language:?}"));
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// What the report comes down to, in one line.
    pub(crate) fn conclusion(self) -> String {
        clean(&self.report.conclusion_sentences(&self.options.language).join("; "))
    }
}
