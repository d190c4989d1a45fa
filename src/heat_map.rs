//! Class activation maps: which parts of the photo a probability comes from.
//!
//! The network's last layer is linear over the mean of each channel of the last feature map, so a logit is itself a
//! mean over places (Zhou et al., "Learning deep features for discriminative localization", CVPR 2016):
//!
//! ```text
//! class c   M_c(x, y) = w_c · f(x, y) + b_c       its mean over x and y is the logit z_c
//! node n    M_n(x, y) = Σ q_c M_c(x, y)           c: the classes that are n or lie below it
//!           q_c = p_c / P(n)                      the gradient of L_n = log Σ exp(z_c / T) by z_c / T
//! ```
//!
//! A map says where the numbers come from, not where a disease is.

use crate::engine::FeatureMap;
use crate::input::Region;
use crate::interpret::{InterpretError, probabilities};
use crate::onnx::{Graph, LastLayer};
use crate::pack::{Manifest, Pack};
use crate::report::HeatMap;
use crate::taxonomy::{NodeIndex, Taxonomy};

/// Why there is no heat map. Every case has the code `heat-map`; classifying without heat maps still works.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeatMapError {
    /// The manifest has no `outputs.features`.
    #[error(
        "this model pack cannot give heat maps: its manifest names no feature map (outputs.features); classify without them"
    )]
    NoFeatures,
    /// More than a mean and a dense layer between feature map and logits.
    #[error(
        "this model pack cannot give heat maps: its logits are not one dense layer over the mean of the feature map; classify without them"
    )]
    NotLinear,
    /// Not a node of the taxonomy.
    #[error(
        "there is no heat map of \"{0}\": the pack's taxonomy has no such node; ask for one of the report's `tree`"
    )]
    UnknownNode(String),
    /// The model has no class in or below the node.
    #[error("there is no heat map of \"{0}\": the model has no class for it; ask for a node that is `covered`")]
    NotCovered(String),
}

impl HeatMapError {
    /// The stable code of `docs/formats.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "heat-map"
    }
}

/// Which heat maps a report shall have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum HeatMapChoice {
    /// None: the report has no `heat_maps`.
    #[default]
    None,
    /// Every node that is covered, in the order of the taxonomy.
    All,
    /// The nodes with these ids, in this order, a repeated one once.
    Nodes(Vec<String>),
}

/// The nodes of a [`HeatMapChoice`], known to be covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection(Vec<NodeIndex>);

/// Makes heat maps for one pack.
#[derive(Debug, Clone)]
pub struct HeatMapper {
    last_layer: LastLayer,
}

impl HeatMapper {
    /// For a pack with as many classes as the layer.
    #[must_use]
    pub fn new(last_layer: LastLayer) -> Self {
        Self { last_layer }
    }

    /// Takes the last layer out of the graph of a pack's ONNX file.
    ///
    /// # Errors
    /// [`HeatMapError::NoFeatures`] and [`HeatMapError::NotLinear`]: the pack cannot give heat maps.
    pub fn of(graph: &Graph, manifest: &Manifest) -> Result<Self, HeatMapError> {
        if manifest.outputs.features.is_none() {
            return Err(HeatMapError::NoFeatures);
        }
        graph.last_layer().map(Self::new).ok_or(HeatMapError::NotLinear)
    }

    /// Looks the nodes up, so that a wrong name costs no run of the network.
    ///
    /// # Errors
    /// [`HeatMapError::UnknownNode`] and [`HeatMapError::NotCovered`].
    pub fn select(pack: &Pack, choice: &HeatMapChoice) -> Result<Selection, HeatMapError> {
        let (taxonomy, covered) = (pack.taxonomy(), pack.covered());
        match choice {
            HeatMapChoice::None => Ok(Selection(Vec::new())),
            HeatMapChoice::All => Ok(Selection(taxonomy.indices().filter(|index| covered[index.index()]).collect())),
            HeatMapChoice::Nodes(ids) => {
                let mut nodes = Vec::with_capacity(ids.len());
                for id in ids {
                    let index = taxonomy.find(id).ok_or_else(|| HeatMapError::UnknownNode(id.clone()))?;
                    if !covered[index.index()] {
                        return Err(HeatMapError::NotCovered(id.clone()));
                    }
                    if !nodes.contains(&index) {
                        nodes.push(index);
                    }
                }
                Ok(Selection(nodes))
            }
        }
    }

    /// The maps of the nodes of `selection`, in its order. `region` is the part of the photo the network has seen.
    ///
    /// # Errors
    /// [`InterpretError`], if the logits or the feature map are not what the pack describes.
    pub fn maps(
        &self,
        pack: &Pack,
        selection: &Selection,
        features: &FeatureMap,
        logits: &[f32],
        region: Region,
    ) -> Result<Vec<HeatMap>, InterpretError> {
        let taxonomy = pack.taxonomy();
        let (classes, channels) = (self.last_layer.classes(), self.last_layer.channels());
        if logits.len() != pack.classes().len() || logits.len() != classes {
            return Err(InterpretError::Length { expected: pack.classes().len(), actual: logits.len().min(classes) });
        }
        let [depth, height, width] = features.shape;
        if depth != channels || height * width == 0 || features.data.len() != depth * height * width {
            let (shape, values) = (features.shape, features.data.len());
            return Err(InterpretError::FeatureMap { channels, shape, values });
        }
        let mut of_class: Vec<Option<Vec<f64>>> = vec![None; classes];
        let map = |&node: &NodeIndex| {
            let members = classes_of(pack.classes(), taxonomy, node);
            let own: Vec<f32> = members.iter().map(|&class| logits[class]).collect();
            // The softmax of the node's own classes is p_c / P(n), also where P(n) is too small for a number.
            let shares = probabilities(&own, pack.manifest().temperature)?;
            let mut values = vec![0.0; height * width];
            for (&class, share) in members.iter().zip(shares) {
                let map =
                    of_class[class].get_or_insert_with(|| class_activation_map(&self.last_layer, features, class));
                for (sum, value) in values.iter_mut().zip(map) {
                    *sum += share * *value;
                }
            }
            Ok(HeatMap {
                node: taxonomy.node(node).id.clone(),
                region,
                width,
                height,
                values: values.into_iter().map(|value| value as f32).collect(),
            })
        };
        selection.0.iter().map(map).collect()
    }
}

/// The map of one class, `height * width` values row by row; their mean is the class's logit.
///
/// # Panics
/// If the layer has no such class.
#[must_use]
pub fn class_activation_map(layer: &LastLayer, features: &FeatureMap, class: usize) -> Vec<f64> {
    let [_, height, width] = features.shape;
    let mut map = vec![f64::from(layer.bias(class)); height * width];
    for (weight, channel) in layer.weights(class).zip(features.data.chunks_exact((height * width).max(1))) {
        let weight = f64::from(weight);
        for (sum, &value) in map.iter_mut().zip(channel) {
            *sum += weight * f64::from(value);
        }
    }
    map
}

/// Positions, in the manifest's list, of the classes that are `node` or lie below it.
fn classes_of(classes: &[NodeIndex], taxonomy: &Taxonomy, node: NodeIndex) -> Vec<usize> {
    let subtree = taxonomy.subtree(node);
    classes.iter().enumerate().filter(|(_, class)| subtree.contains(&class.index())).map(|(at, _)| at).collect()
}
