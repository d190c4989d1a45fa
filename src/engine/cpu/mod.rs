//! The processor, for browsers without WebGPU and wherever the GPU will not do.
//!
//! [`layout`] says where each tensor of a graph lies, [`program`] which steps make them; both serve integers and f32, of which the crate
//! `skintree-cpu` has the loops. [`helpers`] is how convolutions are computed elsewhere, as in other threads.

mod fixed;
mod float;
mod helpers;
mod layout;
mod program;
mod weights;

pub use self::fixed::FixedEngine;
pub use self::float::FloatEngine;
pub use self::helpers::{Helpers, StartHelpers, Started};

/// Has the browser compile what takes most of a run, while something else is done for which there is nothing to compute.
pub fn warm_up() {
    skintree_cpu::warm_up::<i16>();
    skintree_cpu::warm_up::<f32>();
}

#[cfg(test)]
mod tests;
