//! What a result comes down to. Every face shows it in its own words; none of them judges probabilities.

use serde::{Deserialize, Serialize};

/// How sure the model is, of what, and what it does not rule out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct Conclusion {
    /// How sure the model is.
    pub certainty: Certainty,
    /// Id of the node to be named: the deepest of the best training class, group and class that is likely; the most
    /// probable class if none is.
    pub lead: String,
    /// Id of the class that `lead` is or lies in.
    pub lead_class: String,
    /// The most probable training class that lies in another class of the tree, if there is one.
    pub alternative: Option<Alternative>,
    /// Ids of the tasks whose positive side is not ruled out although the negative one is more probable: at the
    /// operating point with the highest sensitivity the photo counts as positive.
    pub not_ruled_out: Vec<String>,
    /// One of the warnings is about the photo's quality.
    pub poor_photo: bool,
}

/// How sure the model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub enum Certainty {
    /// One node is likely enough to be named.
    Likely,
    /// None is.
    Undecided,
    /// The photo is far from all that the model was trained on, so that its probabilities mean nothing.
    OutOfScope,
}

/// A diagnosis on another side of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct Alternative {
    /// Id of the node.
    pub node: String,
    /// How probable it is.
    pub likelihood: Likelihood,
}

/// A probability in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub enum Likelihood {
    /// 25 % or more.
    Possible,
    /// 5 % or more.
    LessLikely,
    /// Less than 5 %.
    Unlikely,
}
