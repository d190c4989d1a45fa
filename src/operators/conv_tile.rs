//! How the work of a convolution is cut for a GPU, and which cut suits a layer.
//!
//! A workgroup computes a tile of output pixels x output channels. Its threads share the tile and the depth (window places x
//! input channels): where a layer has fewer results than a GPU has threads to keep busy, several threads walk a part
//! of the depth each for the same results and add up in workgroup memory at the end.

use crate::shaders::layout::quads;

use super::conv_kernel::Conv;

/// Threads that WebGPU promises in a workgroup.
const MOST_THREADS: usize = 256;

/// Bytes of workgroup memory that WebGPU promises.
const WORKGROUP_MEMORY: usize = 16_384;

/// Threads along the depth at most.
const MOST_SPLIT: usize = 8;

/// Threads that a GPU runs in step.
const WARP: usize = 32;

/// Groups of these that a core holds at a time, and how many instructions of them it issues a cycle.
const RESIDENT_WARPS: usize = 64;
const ISSUED: f64 = 4.0;

/// Multiplications of four input channels with four output channels.
const MULTIPLICATIONS: f64 = 16.0;

/// The cut of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    /// Output pixels of a thread.
    pub pixels: usize,
    /// Quads of output channels of a thread.
    pub quads: usize,
    /// Threads of a workgroup along the pixels.
    pub across: usize,
    /// Threads of a workgroup along the channels.
    pub down: usize,
    /// Threads of a workgroup along the depth, a power of two.
    pub split: usize,
    /// Quads of input channels that a thread loads before it multiplies.
    pub step: usize,
}

impl Tile {
    /// Quads of output channels of a workgroup.
    pub fn block(&self) -> usize {
        self.down * self.quads
    }

    /// Output pixels of a workgroup.
    pub fn width(&self) -> usize {
        self.across * self.pixels
    }

    /// Threads of a workgroup.
    pub fn threads(&self) -> usize {
        self.across * self.down * self.split
    }

    /// Quads of results that a thread holds.
    pub fn results(&self) -> usize {
        self.pixels * self.quads
    }

    /// Workgroups along pixels and channels.
    pub fn workgroups(&self, conv: &Conv) -> [usize; 2] {
        [conv.pixels().div_ceil(self.width()), conv.output_quads().div_ceil(self.block())]
    }

    /// Workgroups of all layers of a dispatch.
    pub fn count(&self, layers: &[Conv]) -> usize {
        layers.iter().map(|conv| self.workgroups(conv).iter().product::<usize>()).sum()
    }

    /// Whether the layer can be cut so: within what WebGPU promises, and without threads that have no part of the depth.
    pub fn suits(&self, conv: &Conv) -> bool {
        let depth = quads(conv.input[0]);
        let memory = self.split / 2 * self.across * self.down * self.results() * 16;
        self.threads() <= MOST_THREADS
            && self.threads() >= WARP
            && memory <= WORKGROUP_MEMORY
            && depth.is_multiple_of(self.step)
            && self.split <= depth / self.step * conv.taps()
    }

    /// Every cut that is worth a trial for a layer.
    pub fn all(conv: &Conv) -> impl Iterator<Item = Self> {
        let results = [(1, 1), (2, 1), (4, 1), (8, 1), (2, 2), (4, 2)];
        let threads = [(8, 4), (16, 2), (16, 4), (8, 8), (16, 8)];
        let all = results.into_iter().flat_map(move |(pixels, quads)| {
            threads.into_iter().flat_map(move |(across, down)| {
                [1, 2, 4, MOST_SPLIT].into_iter().flat_map(move |split| {
                    [1, 2, 4].into_iter().map(move |step| Self { pixels, quads, across, down, split, step })
                })
            })
        });
        let conv = *conv;
        all.filter(move |tile| tile.suits(&conv))
    }

    /// The cut on the menu that should be fastest for the layers of a dispatch on a GPU of so many cores.
    pub fn of(layers: &[Conv], cores: usize) -> Self {
        Self::among(&Self::MENU, &Model::FITTED, layers, cores)
    }

    /// The cut of a menu that a model takes for the fastest of those that suit all layers; if there are any, of those that fill
    /// the GPU.
    pub fn among(menu: &[Self], model: &Model, layers: &[Conv], cores: usize) -> Self {
        let suits = |tile: &&Self| layers.iter().all(|conv| tile.suits(conv));
        let key = |tile: &&Self| (!tile.fills(layers, cores), model.cycles(tile, layers, cores));
        let order = |a: &&Self, b: &&Self| {
            let ((a_idle, a_cycles), (b_idle, b_cycles)) = (key(a), key(b));
            a_idle.cmp(&b_idle).then(a_cycles.total_cmp(&b_cycles))
        };
        menu.iter().filter(suits).min_by(order).copied().unwrap_or(Self::SMALLEST)
    }

    /// Suits every layer.
    pub const SMALLEST: Self = Self { pixels: 4, quads: 2, across: 8, down: 4, split: 1, step: 1 };

    /// Whether there are two workgroups for each core, or as many threads along the depth as there can be: a core that has but
    /// one workgroup waits whenever that one does.
    pub fn fills(&self, layers: &[Conv], cores: usize) -> bool {
        self.count(layers) >= 2 * cores || self.split == MOST_SPLIT
    }
}

/// How many cycles of a core a cut takes. The sum of four: instructions issued, loads waited for, bytes brought from outside
/// the core, and sums added between threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    /// Instructions of a load of four values, its address included.
    pub load: f64,
    /// Cycles from a load to its values.
    pub latency: f64,
    /// Bytes a cycle from outside a core.
    pub bytes: f64,
    /// Cycles of adding a quad of another thread.
    pub addition: f64,
}

impl Model {
    /// Cycles that the core with the most workgroups needs for the layers of a dispatch.
    pub fn cycles(&self, tile: &Tile, layers: &[Conv], cores: usize) -> f64 {
        let all = tile.count(layers);
        let busiest = all.div_ceil(cores);
        let warps = tile.threads().div_ceil(WARP);
        let rounds = busiest.div_ceil((RESIDENT_WARPS / warps).max(1)) as f64;
        let loads = (4 * tile.quads + tile.pixels) as f64;
        let results = tile.results() as f64;

        let (mut busy, mut longest) = (0.0, 0.0_f64);
        for conv in layers {
            let depth = (quads(conv.input[0]) * conv.taps()) as f64;
            let steps = depth / tile.split as f64;
            let instructions = steps * (MULTIPLICATIONS * results + self.load * loads) * warps as f64 / ISSUED;
            let outside = depth * ((tile.width() + 4 * tile.block()) * 16) as f64 / self.bytes;
            busy += (instructions + outside) * tile.count(std::slice::from_ref(conv)) as f64 / all as f64;
            longest = longest.max(steps / tile.step as f64 * self.latency);
        }
        let adding = f64::from(tile.split.ilog2()) * self.addition * results;
        busiest as f64 * busy + rounds * (longest + adding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::lower::convolutions;
    use crate::onnx::Graph;
    use crate::pack::Pack;

    fn shipped() -> Vec<Conv> {
        let pack = Pack::read_dir(&skintree_testing::path("model/pack")).unwrap();
        convolutions(&Graph::read(pack.model(), &pack.manifest().signature()).unwrap()).unwrap()
    }

    #[test]
    fn every_layer_has_work_for_every_core() {
        for cores in [4, 16, 40, 132] {
            println!("{cores} cores");
            for conv in shipped() {
                let tile = Tile::of(&[conv], cores);
                let workgroups = tile.workgroups(&conv);
                let us = Model::FITTED.cycles(&tile, &[conv], cores);
                println!(
                    "{:?} {:?} -> {:?}: {tile:?}, {workgroups:?} workgroups, {us:.0} cycles",
                    conv.kernel, conv.input, conv.output
                );
                assert!(tile.fills(&[conv], cores), "{conv:?} has {workgroups:?} workgroups of {tile:?}");
            }
        }
    }

    /// Nobody tells a page how many cores there are, so a wrong guess must not cost much.
    #[test]
    fn a_cut_for_more_cores_is_not_much_slower() {
        let total = |guess: usize, cores: usize| -> f64 {
            let cycles = |conv: &Conv| Model::FITTED.cycles(&Tile::of(&[*conv], guess), &[*conv], cores);
            shipped().iter().map(cycles).sum()
        };
        for (guess, cores) in [
            (132, 80),
            (132, 40),
            (132, 20),
            (40, 80),
            (40, 20),
            (40, 10),
            (16, 40),
            (16, 32),
            (16, 8),
            (16, 4),
            (132, 8),
        ] {
            let ratio = total(guess, cores) / total(cores, cores);
            println!("cut for {guess} on {cores} cores: {ratio:.3}");
            assert!(ratio < 1.5, "cut for {guess} cores on {cores} takes {ratio} times as long");
        }
    }
}
