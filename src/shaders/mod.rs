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
    /// Address space and access.
    pub(crate) access: &'static str,
    pub(crate) name: String,
    pub(crate) element: String,
}

/// The buffers of a kernel: inputs, then the outputs.
#[derive(Debug)]
pub struct Bindings {
    all: Vec<Binding>,
}

impl Bindings {
    /// Inputs by name and element; outputs by name, of [`VEC4`].
    pub fn new(inputs: &[(&str, &'static str)], outputs: &[&str]) -> Self {
        let inputs = inputs.iter().map(|&(name, element)| ("storage, read", name, element));
        let all = inputs.chain(outputs.iter().map(|&name| ("storage, read_write", name, VEC4)));
        let binding = |(access, name, element): (&'static str, &str, &'static str)| Binding {
            access,
            name: name.to_owned(),
            element: format!("array<{element}>"),
        };
        Self { all: all.map(binding).collect() }
    }

    /// With a uniform of a type put at a place between them.
    pub(crate) fn with_uniform(mut self, name: &str, element: String, place: usize) -> Self {
        let uniform = Binding { access: "uniform", name: name.to_owned(), element };
        self.all.insert(place.min(self.all.len()), uniform);
        self
    }

    /// Each with its group and its number there.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, usize, &Binding)> {
        self.all.iter().enumerate().map(|(index, binding)| (index / BINDINGS, index % BINDINGS, binding))
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
