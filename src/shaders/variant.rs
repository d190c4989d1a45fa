//! Which kernels there are, and their names in reports and options.

use std::fmt;
use std::str::FromStr;

use wgpu_bridge::gpu::AdapterInfo;

/// How convolutions are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Every invocation computes `quads` x 4 channels of `pixels` pixels in registers, without workgroup memory.
    Registers {
        /// Output quads of an invocation, or the largest smaller number that divides the layer's.
        quads: usize,
        /// Neighbouring output pixels in reading order.
        pixels: usize,
        /// The four invocations of a subgroup's quad load a quarter of the weights each and hand them around. Needs
        /// the feature `subgroups`, no certain size of a subgroup.
        shared: bool,
    },
    /// A workgroup computes a tile of the output, cut so that a GPU of so many cores is kept busy
    /// ([`Tile`](crate::operators::conv::Tile)).
    Tiles {
        /// Compute units, multiprocessors or whatever the vendor calls what runs workgroups.
        cores: usize,
    },
}

/// A [`Method`] and the precision of the weights. Displays as `tiles-40`, `registers-4x2`, `registers-4x2-shared`, each
/// with `-f16` behind it where weights are f16; [`FromStr`] reads the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// How convolutions are computed.
    pub method: Method,
    /// Weights of convolutions are stored as f16, scaled so that int8 weights remain exact; sums remain f32. Needs the
    /// feature `shader-f16`.
    pub half: bool,
}

/// More than any GPU has.
const MOST_CORES: usize = 1_024;

/// More of either would be registers that no adapter has.
const MOST_IN_REGISTERS: usize = 8;

impl Variant {
    /// A feature of WebGPU that the variant needs and the adapter lacks.
    pub fn lacks(self, adapter: &AdapterInfo) -> Option<&'static str> {
        let shared = matches!(self.method, Method::Registers { shared: true, .. });
        match self {
            _ if shared && !adapter.subgroups => Some("subgroups"),
            Self { half: true, .. } if !adapter.f16 => Some("shader-f16"),
            _ => None,
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.method {
            Method::Registers { quads, pixels, shared } => {
                write!(f, "registers-{quads}x{pixels}{}", if shared { "-shared" } else { "" })?;
            }
            Method::Tiles { cores } => write!(f, "tiles-{cores}")?,
        }
        f.write_str(if self.half { "-f16" } else { "" })
    }
}

impl FromStr for Variant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, half) = text.strip_suffix("-f16").map_or((text, false), |name| (name, true));
        let registers = |name: &str| {
            let (name, shared) = name.strip_suffix("-shared").map_or((name, false), |name| (name, true));
            let (quads, pixels) = name.strip_prefix("registers-")?.split_once('x')?;
            let number = |text: &str| text.parse().ok().filter(|number| (1..=MOST_IN_REGISTERS).contains(number));
            Some(Method::Registers { quads: number(quads)?, pixels: number(pixels)?, shared })
        };
        let tiles = |name: &str| {
            let cores = name.strip_prefix("tiles-")?.parse().ok().filter(|cores| (1..=MOST_CORES).contains(cores))?;
            Some(Method::Tiles { cores })
        };
        let method = tiles(name).or_else(|| registers(name));
        method.map(|method| Self { method, half }).ok_or_else(|| {
            format!(
                "there are no kernels \"{text}\"; use auto, tiles-40, registers-4x2 or the like, with -shared, -f16"
            )
        })
    }
}

/// Which kernels the caller wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KernelChoice {
    /// The fastest of those that suit the adapter ([`crate::engine::trial::candidates`]).
    #[default]
    Auto,
    /// These.
    Only(Variant),
}

impl FromStr for KernelChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            other => other.parse().map(Self::Only),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KernelChoice, Variant};

    #[test]
    fn names_are_read_back() {
        for name in ["tiles-40", "tiles-132-f16", "registers-4x2", "registers-4x2-shared", "registers-1x4-shared-f16"] {
            assert_eq!(name.parse::<Variant>().unwrap().to_string(), name);
        }
        for name in [
            "",
            "tiles",
            "tiles-0",
            "tiles-9999",
            "tiles-f32",
            "registers-",
            "registers-0x2",
            "registers-4x9",
            "tiles-shared",
        ] {
            assert!(name.parse::<KernelChoice>().is_err(), "{name}");
        }
    }
}
