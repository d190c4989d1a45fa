//! Makes one dispatch of convolutions of equal windows over one tensor.

use std::collections::HashMap;

use super::fuse::Operation;
use super::place::Homes;
use crate::operators;
use crate::operators::conv::MOST_PARTS;
use crate::shaders::layout::is_aligned;

/// Joins operations and gives the tensors that have none a place; those of one dispatch lie side by side.
pub(super) fn join<'a>(operations: Vec<Operation<'a>>, homes: &mut Homes<'a>, outputs: &[&str]) -> Vec<Operation<'a>> {
    let mut joined: Vec<Operation<'a>> = Vec::with_capacity(operations.len());
    // Operations by what they read that others may be joined to.
    let mut open: HashMap<&str, Vec<usize>> = HashMap::new();
    for operation in operations {
        let (Some(&(input, _)), Some(&made)) = (operation.inputs.first(), operation.outputs.first()) else {
            continue;
        };
        let candidates = open.entry(input).or_default();
        let may = is_aligned(made.shape[0]) && !outputs.contains(&made.tensor);
        let found = candidates.iter().copied().find(|&index| may && fits(&joined[index], &operation, homes));
        if let Some(index) = found {
            joined[index].outputs.push(made);
        } else {
            if may {
                candidates.push(joined.len());
            }
            joined.push(operation);
        }
    }
    for operation in &joined {
        homes.private(operation.outputs.iter().map(|made| (made.tensor, made.shape)));
    }
    joined
}

/// Whether `next` can be joined to `operation`: a kernel stores so many parts, and of what they make, all that has a place
/// already lies in one buffer.
fn fits(operation: &Operation<'_>, next: &Operation<'_>, homes: &Homes<'_>) -> bool {
    let made = operation.outputs.iter().chain(&next.outputs);
    let mut buffers = made.filter_map(|made| homes.of(made.tensor)).map(|home| home.buffer);
    let first = buffers.next();
    operation.outputs.len() < MOST_PARTS
        && operation.node.op == next.node.op
        && operators::find(&next.node.op).is_some_and(|operator| operator.joins(operation.node, next.node))
        && buffers.all(|buffer| Some(buffer) == first)
}
