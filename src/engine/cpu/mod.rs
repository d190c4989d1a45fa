//! The processor, for browsers without WebGPU and wherever the GPU will not do.
//!
//! [`layout`] says where each tensor of a graph lies, [`program`] which steps make them; both serve integers and f32, of which
//! [`number`] has the innermost loops.

mod conv;
mod fixed;
mod float;
mod layout;
mod number;
mod pool;
mod program;
mod tensors;
mod warm_up;

pub use self::fixed::FixedEngine;
pub use self::float::FloatEngine;

/// Has the browser compile what takes most of a run, while something else is done for which there is nothing to compute.
pub fn warm_up() {
    warm_up::warm_up::<i16>();
    warm_up::warm_up::<f32>();
}

#[cfg(test)]
mod tests;
