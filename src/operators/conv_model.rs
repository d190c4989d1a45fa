//! Written by `cargo bench --bench gpu -- --fit FILE...`, from what `--sweep` measured.

use super::conv_tile::{Model, Tile};

impl Model {
    /// Fitted to NVIDIA H200.
    pub const FITTED: Self = Self { load: 5.4, latency: 366.7, bytes: 175.0, addition: 430.0 };
}

impl Tile {
    /// The cuts that are used: few, because each is a shader to compile.
    pub const MENU: [Self; 6] = [
        Self { pixels: 4, quads: 2, across: 8, down: 4, split: 1, step: 1 },
        Self { pixels: 4, quads: 2, across: 8, down: 4, split: 8, step: 2 },
        Self { pixels: 2, quads: 1, across: 16, down: 2, split: 8, step: 4 },
        Self { pixels: 2, quads: 1, across: 8, down: 4, split: 8, step: 4 },
        Self { pixels: 4, quads: 2, across: 16, down: 4, split: 2, step: 2 },
        Self { pixels: 4, quads: 1, across: 16, down: 2, split: 8, step: 4 },
    ];
}
