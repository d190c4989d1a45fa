//! Puts operations that do not wait for each other into one dispatch, where a kernel can compute several.

use std::collections::HashSet;

use super::fuse::Operation;
use super::place::Homes;
use crate::operators;
use crate::operators::conv::{MOST_LAYERS, MOST_OUTPUTS};
use crate::shaders::Variant;

/// The dispatches of operations that are sorted by level. What those of one dispatch make may move into one buffer.
pub(super) fn group<'a>(
    levels: Vec<Vec<Operation<'a>>>,
    homes: &mut Homes<'a>,
    variant: Variant,
) -> Vec<Vec<Operation<'a>>> {
    let all: Vec<Operation<'a>> = levels.iter().flatten().cloned().collect();
    let mut dispatches: Vec<Vec<Operation<'a>>> = Vec::new();
    for level in levels {
        let begin = dispatches.len();
        for operation in level {
            let shares = operators::find(&operation.node.op).is_some_and(|operator| operator.shares_dispatch(variant));
            let others = dispatches[begin..].iter_mut();
            match others.filter(|_| shares).find(|others| joins(others, &operation, homes, &all)) {
                Some(others) => others.push(operation),
                None => dispatches.push(vec![operation]),
            }
        }
    }
    dispatches
}

/// Whether an operation can be computed with others; if so, its output has moved to theirs.
fn joins<'a>(
    others: &[Operation<'a>],
    operation: &Operation<'a>,
    homes: &mut Homes<'a>,
    all: &[Operation<'a>],
) -> bool {
    let buffer = |homes: &Homes<'a>, tensor: &str| homes.of(tensor).map(|home| home.buffer);
    let image = |operation: &Operation<'a>| operation.inputs.first().and_then(|&(tensor, _)| buffer(homes, tensor));
    let equal = others.iter().all(|other| other.node.op == operation.node.op && image(other) == image(operation));
    if !equal || others.len() >= MOST_LAYERS {
        return false;
    }
    let written = |homes: &Homes<'a>| -> HashSet<usize> {
        let made = others.iter().chain([operation]).flat_map(|operation| &operation.outputs);
        made.filter_map(|made| buffer(homes, made.tensor)).collect()
    };
    let mut moved = homes.clone();
    let mut own: Vec<usize> = written(homes).into_iter().filter(|&buffer| homes.is_private(buffer)).collect();
    own.sort_unstable();
    if let [first, rest @ ..] = own.as_slice() {
        for &buffer in rest {
            moved.merge(*first, buffer);
        }
    }
    let fits = written(&moved).len() <= MOST_OUTPUTS
        && !moved.overlap(all)
        && !image(operation).is_some_and(|image| written(&moved).contains(&image));
    if fits {
        *homes = moved;
    }
    fits
}
