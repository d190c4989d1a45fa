//! The operators that a pack's graph may use.
//!
//! One file an operator: the form that is accepted, the shape it gives, the kernel that computes it on the GPU, and its
//! tests; [`cpu`](crate::engine) has the loops for processors. [`ALL`] is the table of them; the list in docs/formats.md is compared with it.
//!
//! wonnx computes wrong numbers without a word for several forms that are valid ONNX (a 3x3 convolution without bias,
//! `Gemm` with odd K, ...), and knows neither int8 nor f16. So whatever is not accepted here reaches no engine.

pub mod concat;
pub mod conv;
mod conv_kernel;
mod conv_model;
mod conv_tile;
mod conv_tiles;
pub mod dequantize_linear;
mod flatten;
pub mod gemm;
pub mod global_average_pool;
mod operator;
mod parts;
pub mod pool;
pub mod relu;
mod window;

#[cfg(test)]
mod testing;

pub(crate) use window::window_of;

pub use operator::{Known, Linear, Operator, PackConstants, Part, Planned, Site, Upload, Values};

/// Every operator that is accepted, by name.
pub static ALL: [&dyn Operator; 9] = [
    &pool::AVERAGE_POOL,
    &concat::CONCAT,
    &conv::CONV,
    &dequantize_linear::DEQUANTIZE_LINEAR,
    &flatten::FLATTEN,
    &gemm::GEMM,
    &global_average_pool::GLOBAL_AVERAGE_POOL,
    &pool::MAX_POOL,
    &relu::RELU,
];

/// The operator of a name, if it is accepted.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Operator> {
    ALL.into_iter().find(|operator| operator.name() == name)
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn the_documented_list_is_the_table() {
        let page = include_str!("../../docs/formats.md");
        let rows: Vec<String> =
            ALL.iter().map(|operator| format!("| `{}` | {} |\n", operator.name(), operator.form())).collect();
        let list = format!("| operator | accepted form |\n|---|---|\n{}", rows.concat());
        assert!(page.contains(&list), "docs/formats.md should have\n{list}");
        assert!(ALL.is_sorted_by_key(|operator| operator.name()));
    }
}
