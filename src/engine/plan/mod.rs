//! What is dispatched for a graph, in which order, and in which buffers its tensors lie.
//!
//! [`fuse`] makes one operation of several nodes, [`place`] lets tensors share a buffer, [`join`] makes one convolution of
//! several over one tensor, [`order`] puts operations that do not wait for each other side by side, and [`group`] puts these
//! into one dispatch.

mod buffers;
mod fuse;
mod group;
mod join;
mod order;
mod place;
mod steps;

#[cfg(test)]
mod tests;

pub(crate) use self::fuse::Constants;
pub(crate) use self::steps::{Plan, Step};
