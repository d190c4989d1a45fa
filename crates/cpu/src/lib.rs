//! The loops of the CPU engine over feature maps: convolutions, pools, and what moves values.
//!
//! Nothing else is here, so that a browser can load this crate once more as a small wasm module of its own: in each thread, and compiled with
//! relaxed SIMD. [`Conv::share`] is what the engine hands over to such a module, and [`Shares`] computes it there.

mod conv;
mod number;
mod pool;
mod share;
mod view;
mod warm_up;
#[cfg(all(target_arch = "wasm32", feature = "web"))]
mod web;
mod window;

pub use conv::{Constants, Conv};
pub use number::{Number, OUTPUTS, PIXELS, Places};
pub use pool::{Pool, PoolKind, copy, flatten};
pub use share::{Share, Shares, channels_of_shares};
pub use view::{View, largest_activation};
pub use warm_up::warm_up;
pub use window::Window;

#[cfg(test)]
mod tests;
