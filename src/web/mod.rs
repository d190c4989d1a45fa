//! What JavaScript sees.

#[cfg(feature = "web")]
mod bitmap;
#[cfg(feature = "web")]
pub mod classifier;
pub mod convert;
#[cfg(feature = "web")]
mod helpers;
#[cfg(feature = "web")]
mod sha256;
