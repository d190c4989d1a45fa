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

pub use self::fixed::FixedEngine;
pub use self::float::FloatEngine;

#[cfg(test)]
mod tests;
