//! The model pack: manifest, ONNX file and taxonomy, checked against each other.
//!
//! The manifest is the only file trusted as it comes. A [`Pack`] exists only if the lengths and SHA-256 of the other
//! files are those of the manifest and every name in the manifest is a node of the taxonomy. What the ONNX file
//! contains is not looked at here; that is the work of `onnx`.

mod error;
mod floats;
mod kind_head;
mod manifest;
mod subspace;

use crate::sha256::sha256_hex;
use crate::taxonomy::{NodeIndex, Taxonomy};

pub use error::PackError;
pub use kind_head::KindHead;
pub use manifest::{
    Files, MAX_KIND_BYTES, MAX_MANIFEST_BYTES, MAX_MODEL_BYTES, MAX_SCOPE_BYTES, MAX_TAXONOMY_BYTES, Manifest,
    OperatingPoint, OutputNames, PackFile, PhotoKind, PhotoKinds, SCHEMA, SCHEMA_WITH_KINDS, ScopeRule, SelfTest, Side,
    Task,
};
pub use subspace::Subspace;

/// The nodes of a binary question, in the order of [`Manifest::tasks`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskNodes {
    /// Nodes that answer yes.
    pub positive: Vec<NodeIndex>,
    /// Nodes that answer no.
    pub negative: Vec<NodeIndex>,
}

/// A model pack whose files belong together.
#[derive(Debug, Clone)]
pub struct Pack {
    manifest: Manifest,
    manifest_sha256: String,
    taxonomy: Taxonomy,
    model: Vec<u8>,
    classes: Vec<NodeIndex>,
    covered: Vec<bool>,
    tasks: Vec<TaskNodes>,
    scope: Option<Subspace>,
    kind_head: Option<KindHead>,
}

/// The bytes of the files that a manifest may or may not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OptionalFiles<'a> {
    /// Of `files.scope`.
    pub scope: Option<&'a [u8]>,
    /// Of `files.kind`.
    pub kind: Option<&'a [u8]>,
}

impl Pack {
    /// Checks the files against each other. The model is taken by value and never copied. `optional` are the
    /// files that `files.scope` and `files.kind` name, if they do.
    ///
    /// # Errors
    /// Cheapest check first: the manifest, the lengths, the taxonomy's hash and tree, the names, the model's hash.
    pub fn open(
        manifest: &[u8],
        model: Vec<u8>,
        taxonomy: &[u8],
        optional: OptionalFiles<'_>,
    ) -> Result<Self, PackError> {
        Self::open_with(manifest, model, taxonomy, optional, sha256_hex)
    }

    /// As [`open`](Self::open), with a faster way to the SHA-256 of the model.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn open_with(
        manifest: &[u8],
        model: Vec<u8>,
        taxonomy: &[u8],
        optional: OptionalFiles<'_>,
        sha256: impl FnOnce(&[u8]) -> String,
    ) -> Result<Self, PackError> {
        let manifest_sha256 = sha256_hex(manifest);
        let manifest = Manifest::parse(manifest)?;
        manifest.files.model.check_length(model.len() as u64)?;
        let mut pack = Self::resolve(manifest, manifest_sha256, taxonomy)?;
        pack.scope = read_scope(&pack.manifest, optional.scope)?;
        pack.kind_head = read_kind_head(&pack.manifest, optional.kind)?;
        pack.manifest.files.model.check_digest(sha256(&model))?;
        pack.model = model;
        Ok(pack)
    }

    /// Opens what says what logits mean, manifest and taxonomy. No engine can be made of it; those who evaluate logits
    /// need no more.
    ///
    /// # Errors
    /// As [`open`](Self::open), as far as these two files go.
    pub fn open_without_network(manifest: &[u8], taxonomy: &[u8]) -> Result<Self, PackError> {
        Self::resolve(Manifest::parse(manifest)?, sha256_hex(manifest), taxonomy)
    }

    /// Checks the taxonomy and looks up what the manifest names in it.
    fn resolve(manifest: Manifest, manifest_sha256: String, taxonomy: &[u8]) -> Result<Self, PackError> {
        manifest.files.taxonomy.check_length(taxonomy.len() as u64)?;
        manifest.files.taxonomy.check_hash(taxonomy)?;
        let taxonomy = Taxonomy::parse(taxonomy)?;
        let classes: Vec<NodeIndex> =
            manifest.classes.iter().map(|id| taxonomy.require(id)).collect::<Result<_, _>>()?;
        let covered = taxonomy.covered(&classes);
        let tasks = resolve_tasks(&manifest, &taxonomy, &covered)?;
        let (model, scope, kind_head) = (Vec::new(), None, None);
        Ok(Self { manifest, manifest_sha256, taxonomy, model, classes, covered, tasks, scope, kind_head })
    }

    /// Opens the pack in a folder.
    ///
    /// # Errors
    /// As [`open`](Self::open), and if a file cannot be read. A file longer than the manifest says is not read to its
    /// end.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn read_dir(folder: &std::path::Path) -> Result<Self, PackError> {
        let manifest_bytes = read_file(folder, "manifest.json", MAX_MANIFEST_BYTES)?;
        let manifest = Manifest::parse(&manifest_bytes)?;
        let read = |file: &PackFile| read_file(folder, &file.path, file.bytes);
        let taxonomy = read(&manifest.files.taxonomy)?;
        let scope = manifest.files.scope.as_ref().map(read).transpose()?;
        let kind = manifest.files.kind.as_ref().map(read).transpose()?;
        let optional = OptionalFiles { scope: scope.as_deref(), kind: kind.as_deref() };
        Self::open(&manifest_bytes, read(&manifest.files.model)?, &taxonomy, optional)
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// SHA-256 of `manifest.json` as it was read, 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn manifest_sha256(&self) -> &str {
        &self.manifest_sha256
    }

    /// The taxonomy.
    #[must_use]
    pub fn taxonomy(&self) -> &Taxonomy {
        &self.taxonomy
    }

    /// The node of each logit, in the network's order.
    #[must_use]
    pub fn classes(&self) -> &[NodeIndex] {
        &self.classes
    }

    /// For each node of the taxonomy, whether the model has a class at or below it.
    #[must_use]
    pub fn covered(&self) -> &[bool] {
        &self.covered
    }

    /// The nodes of each of [`Manifest::tasks`].
    #[must_use]
    pub fn tasks(&self) -> &[TaskNodes] {
        &self.tasks
    }

    /// How to tell photos that are not of the kind the model knows, if the pack says.
    #[must_use]
    pub fn scope(&self) -> Option<&Subspace> {
        self.scope.as_ref()
    }

    /// How to tell the kind of a photo and what holds for each kind, if the pack says.
    #[must_use]
    pub fn photo_kinds(&self) -> Option<(&KindHead, &[PhotoKind; 2])> {
        self.kind_head.as_ref().zip(self.manifest.photo_kinds.as_ref().map(|rule| &rule.kinds))
    }

    /// Whether the network's feature map is needed to make a report.
    #[must_use]
    pub fn needs_features(&self) -> bool {
        self.scope.is_some() || self.kind_head.is_some()
    }

    /// The bytes of the ONNX file; empty once they were taken.
    #[must_use]
    pub fn model(&self) -> &[u8] {
        &self.model
    }

    /// Takes the bytes of the ONNX file out, so that they can be freed as soon as an engine has read them. Everything
    /// else of the pack keeps working.
    #[must_use]
    pub fn take_model(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.model)
    }
}

fn resolve_tasks(manifest: &Manifest, taxonomy: &Taxonomy, covered: &[bool]) -> Result<Vec<TaskNodes>, PackError> {
    let resolve = |side: &Side| side.nodes.iter().map(|id| taxonomy.require(id)).collect::<Result<Vec<_>, _>>();
    let mut tasks = Vec::with_capacity(manifest.tasks.len());
    for (number, task) in manifest.tasks.iter().enumerate() {
        let nodes = TaskNodes { positive: resolve(&task.positive)?, negative: resolve(&task.negative)? };
        for (side, members) in [("positive", &nodes.positive), ("negative", &nodes.negative)] {
            if !members.iter().any(|node| covered[node.index()]) {
                let problem = "has no training class in it, so that the question could never be answered";
                return Err(PackError::field(format!("tasks[{number}].{side}.nodes"), problem));
            }
        }
        check_apart(number, &nodes, taxonomy)?;
        tasks.push(nodes);
    }
    Ok(tasks)
}

fn read_scope(manifest: &Manifest, bytes: Option<&[u8]>) -> Result<Option<Subspace>, PackError> {
    let Some((rule, file)) = manifest.scope.zip(manifest.files.scope.as_ref()) else { return Ok(None) };
    let bytes = bytes.unwrap_or_default();
    file.check_length(bytes.len() as u64)?;
    file.check_hash(bytes)?;
    Subspace::read(bytes, rule.channels).map(Some)
}

fn read_kind_head(manifest: &Manifest, bytes: Option<&[u8]>) -> Result<Option<KindHead>, PackError> {
    let Some((rule, file)) = manifest.photo_kinds.as_ref().zip(manifest.files.kind.as_ref()) else { return Ok(None) };
    let bytes = bytes.unwrap_or_default();
    file.check_length(bytes.len() as u64)?;
    file.check_hash(bytes)?;
    KindHead::read(bytes, rule.channels).map(Some)
}

/// No node of a task may be, or lie below, another: its probability would count twice.
fn check_apart(number: usize, nodes: &TaskNodes, taxonomy: &Taxonomy) -> Result<(), PackError> {
    let mut sorted: Vec<NodeIndex> = nodes.positive.iter().chain(&nodes.negative).copied().collect();
    // In pre-order a node is followed at once by what lies below it, so that neighbours tell all.
    sorted.sort_unstable();
    let overlap = sorted.windows(2).find(|pair| taxonomy.is_within(pair[1], pair[0]));
    overlap.map_or(Ok(()), |pair| {
        let (upper, lower) = (&taxonomy.node(pair[0]).id, &taxonomy.node(pair[1]).id);
        let problem = if upper == lower {
            format!("names \"{upper}\" twice")
        } else {
            format!("names \"{upper}\" and \"{lower}\", which lies below it")
        };
        Err(PackError::field(format!("tasks[{number}]"), problem))
    })
}

/// Reads at most one byte more than `limit`, enough for the length check to notice.
#[cfg(not(target_arch = "wasm32"))]
fn read_file(folder: &std::path::Path, path: &str, limit: u64) -> Result<Vec<u8>, PackError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(folder.join(path))
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| PackError::Read { path: path.to_owned(), reason: error.to_string() })?;
    Ok(bytes)
}
