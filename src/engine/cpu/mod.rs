//! The processor, for browsers without WebGPU and wherever the GPU will not do.

mod conv;
mod fixed;
mod float;
mod pool;
mod program;
mod tensors;

pub use self::fixed::FixedEngine;
pub use self::float::FloatEngine;

#[cfg(test)]
mod tests;
