//! Puts operations that do not wait for each other side by side.

use std::ops::Range;

use super::fuse::Operation;
use super::place::Homes;
use crate::shaders::layout::map_quads;

/// Where a tensor lies: its buffer, and the quads of pixels there.
type Region = (usize, Range<usize>);

/// Operations by how many others have to be done before. A GPU waits between two dispatches only if one reads what the
/// other writes, so branches of a network run at the same time if they are dispatched in turns.
pub(super) fn by_level<'a>(operations: Vec<Operation<'a>>, homes: &Homes<'_>) -> Vec<Vec<Operation<'a>>> {
    let region = |tensor: &str, shape: [usize; 3]| -> Option<Region> {
        let home = homes.of(tensor)?;
        Some((home.buffer, home.start..home.start + map_quads(shape)))
    };
    let mut written: Vec<(Region, usize)> = Vec::new();
    let mut levels: Vec<Vec<Operation<'a>>> = Vec::new();
    for operation in operations {
        let read = operation.inputs.iter().filter_map(|&(tensor, shape)| region(tensor, shape));
        let after = |(buffer, quads): Region| {
            let overlaps =
                move |other: &Region| other.0 == buffer && other.1.start < quads.end && quads.start < other.1.end;
            written.iter().filter(move |(region, _)| overlaps(region)).map(|&(_, level)| level + 1).max()
        };
        let level = read.filter_map(after).max().unwrap_or(0);
        let made = operation.outputs.iter().filter_map(|made| region(made.tensor, made.shape));
        written.extend(made.map(|region| (region, level)));
        if levels.len() <= level {
            levels.resize_with(level + 1, Vec::new);
        }
        levels[level].push(operation);
    }
    levels
}
