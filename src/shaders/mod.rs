//! What the kernels of all operators share. Each is a WGSL file with the numbers of its layer put in by askama; loops that
//! compilers of software adapters do not unroll are unrolled there.

pub mod layout;
mod variant;

use askama::Template;
use wgpu_bridge::kernels::{BINDINGS, Kernel};

pub use variant::{KernelChoice, Method, Variant};

/// The type of most buffers' elements.
pub const VEC4: &str = "vec4<f32>";

/// What WebGPU guarantees in each direction.
const MAX_WORKGROUPS: usize = 65_535;

/// Invocations of a workgroup of a [`Grid`].
const THREADS: usize = 64;

/// A buffer of a kernel.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) group: usize,
    /// Number in its group.
    pub(crate) number: usize,
    pub(crate) access: &'static str,
    pub(crate) name: String,
    pub(crate) element: &'static str,
}

/// The buffers of a kernel in the order in which wonnx binds them: inputs, then the output `result`.
#[derive(Debug)]
pub struct Bindings {
    pub(crate) all: Vec<Binding>,
    pub(crate) repeated: bool,
}

impl Bindings {
    /// Inputs by name and element. `repeated` declares the first input once more behind the others: wonnx runs a node anew
    /// for each of its users unless the node has two inputs that are not constant (`engine/lower.rs`).
    pub fn new(inputs: &[(&str, &'static str)], repeated: bool, output: &'static str) -> Self {
        let again = inputs.first().filter(|_| repeated).map(|&(_, element)| ("read", "repeated", element));
        let inputs = inputs.iter().map(|&(name, element)| ("read", name, element));
        let all = inputs.chain(again).chain([("read_write", "result", output)]);
        let binding = |(index, (access, name, element)): (usize, (&'static str, &str, &'static str))| Binding {
            group: index / BINDINGS,
            number: index % BINDINGS,
            access,
            name: name.to_owned(),
            element,
        };
        Self { all: all.enumerate().map(binding).collect(), repeated }
    }
}

/// One invocation for each of `count` places, in rows if they are more than WebGPU has workgroups in one direction.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    pub(crate) count: usize,
    /// Invocations of a workgroup.
    pub(crate) threads: usize,
}

impl Grid {
    /// For so many places.
    pub fn of(count: usize) -> Self {
        Self { count, threads: THREADS }
    }

    /// Workgroups in x and y.
    pub fn workgroups(self) -> [usize; 2] {
        let groups = self.count.div_ceil(THREADS);
        let rows = groups.div_ceil(MAX_WORKGROUPS);
        [groups.div_ceil(rows), rows]
    }

    /// Invocations of a row.
    pub(crate) fn row(self) -> usize {
        self.workgroups()[0] * THREADS
    }
}

/// A kernel from its template and its workgroups in x and y.
///
/// # Errors
/// If it needs more workgroups than WebGPU promises.
pub fn render(shader: &impl Template, workgroups: [usize; 2]) -> Result<Kernel, String> {
    if workgroups.iter().any(|&count| count > MAX_WORKGROUPS) {
        return Err(format!("it needs {workgroups:?} workgroups, of which WebGPU promises {MAX_WORKGROUPS} each way"));
    }
    let [x, y] = workgroups.map(|count| count as u32);
    let wgsl = shader.render().map_err(|error| format!("its kernel cannot be written: {error}"))?;
    Ok(Kernel { wgsl, workgroups: [x, y, 1] })
}
