//! Direct convolution with a tile of outputs in registers.
//!
//! Each invocation computes `channels` x `pixels` outputs: every input value it loads serves `channels` of them, every
//! weight `pixels`. No workgroup memory, so that adapters which are processors in disguise lose nothing to barriers.

use std::fmt::Write as _;

use wgpu::kernels::Kernel;
use wonnx::onnx::{GraphProto, NodeProto, ValueInfoProto};

use crate::onnx::tensor::ints;

/// Invocations a workgroup, all along the pixels, so that one workgroup shares its weights.
const WORKGROUP: usize = 64;

/// What WebGPU guarantees in each direction.
const MAX_WORKGROUPS: usize = 65_535;

/// Outputs of one invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Output channels; the layer's must be divisible by it, or by 4.
    pub channels: usize,
    /// Neighbouring output pixels in reading order; divisible by 4.
    pub pixels: usize,
}

/// A convolution of batch 1, group 1, dilation 1, with bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// Channels, height and width of the output.
    pub output: [usize; 3],
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Steps of the window down and right.
    pub strides: [usize; 2],
    /// Zeros above and left of the input.
    pub pads: [usize; 2],
    /// Whether negative outputs become 0.
    pub relu: bool,
}

impl Conv {
    /// Reads a node's shapes and attributes; `None` if some are missing.
    pub(super) fn of(graph: &GraphProto, node: &NodeProto, relu: bool) -> Option<Self> {
        let input = feature_map(graph, node.get_input().first()?)?;
        let output = feature_map(graph, node.get_output().first()?)?;
        let [top, left, _, _] = ints(node, "pads", Some([0; 4])).ok()?;
        Some(Self {
            input,
            output,
            kernel: ints(node, "kernel_shape", None).ok()?,
            strides: ints(node, "strides", Some([1, 1])).ok()?,
            pads: [top, left],
            relu,
        })
    }

    /// Floats from one row of a window's weights to the next. wonnx pads the rows of the 3x3 windows that its own
    /// matrix kernel would take to 4.
    pub fn weight_stride(&self) -> usize {
        let padded = self.kernel == [3, 3] && self.strides == [1, 1] && self.output[0].is_multiple_of(4);
        if padded { 4 } else { self.kernel[1] }
    }

    /// The kernel, or `None` where the tile does not fit the layer.
    pub fn kernel(&self, tile: Tile) -> Option<Kernel> {
        let channels = [tile.channels, 4].into_iter().find(|&n| self.output[0].is_multiple_of(n))?;
        let tile = Tile { channels, ..tile };
        let pixels = self.output[1] * self.output[2];
        let workgroups = [pixels.div_ceil(tile.pixels * WORKGROUP), self.output[0] / channels, 1];
        if workgroups.iter().any(|&count| count > MAX_WORKGROUPS) {
            return None;
        }
        let [x, y, z] = workgroups.map(|count| count as u32);
        Some(Kernel { wgsl: self.wgsl(tile), workgroups: [x, y, z] })
    }

    fn wgsl(&self, tile: Tile) -> String {
        let [_, height, width] = self.output;
        let pixels = height * width;
        let vectors = tile.pixels / 4;
        let mut code = format!(
            "@group(0) @binding(0) var<storage, read> image: array<f32>;\n\
             @group(0) @binding(1) var<storage, read> weights: array<f32>;\n\
             @group(0) @binding(2) var<storage, read> bias: array<f32>;\n\
             @group(0) @binding(3) var<storage, read_write> result: array<f32>;\n\
             @compute @workgroup_size({WORKGROUP})\n\
             fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {{\n\
             let first = id.x * {}u;\n\
             if (first >= {pixels}u) {{ return; }}\n\
             let channel = group.y * {}u;\n",
            tile.pixels, tile.channels
        );
        for pixel in 0..tile.pixels {
            // Pixels beyond the last are computed like it and not stored.
            let _ = writeln!(code, "let p{pixel} = min(first + {pixel}u, {}u);", pixels - 1);
            let _ = writeln!(
                code,
                "let y{pixel} = i32(p{pixel} / {width}u) * {} - {}; let x{pixel} = i32(p{pixel} % {width}u) * {} - {};",
                self.strides[0], self.pads[0], self.strides[1], self.pads[1]
            );
        }
        for channel in 0..tile.channels {
            for vector in 0..vectors {
                let _ = writeln!(code, "var sum{channel}_{vector} = vec4<f32>(bias[channel + {channel}u]);");
            }
        }
        self.write_window(&mut code, tile);
        self.write_stores(&mut code, tile, pixels);
        code.push_str("}\n");
        code
    }

    /// The loops over input channels and the window. Not unrolled: shader compilers take minutes over large bodies.
    fn write_window(&self, code: &mut String, tile: Tile) {
        let [depth, in_height, in_width] = self.input;
        let row = self.weight_stride();
        let window = self.kernel[0] * row;
        let _ = writeln!(
            code,
            "for (var c = 0u; c < {depth}u; c++) {{\n\
             let plane = i32(c * {}u);\n\
             let w = channel * {}u + c * {window}u;\n\
             for (var ky = 0; ky < {}; ky++) {{\n\
             for (var kx = 0; kx < {}; kx++) {{\n\
             let tap = w + u32(ky) * {row}u + u32(kx);",
            in_height * in_width,
            depth * window,
            self.kernel[0],
            self.kernel[1],
        );
        for vector in 0..tile.pixels / 4 {
            let loads: Vec<String> = (vector * 4..vector * 4 + 4).map(|pixel| self.load(pixel)).collect();
            let _ = writeln!(code, "let v{vector} = vec4<f32>({});", loads.join(", "));
        }
        for channel in 0..tile.channels {
            let _ = writeln!(code, "let k{channel} = weights[tap + {}u];", channel * depth * window);
            for vector in 0..tile.pixels / 4 {
                let _ = writeln!(code, "sum{channel}_{vector} += k{channel} * v{vector};");
            }
        }
        code.push_str("}\n}\n}\n");
    }

    /// One input value, 0 outside the image.
    fn load(&self, pixel: usize) -> String {
        let [_, height, width] = self.input;
        let index = format!("plane + (y{pixel} + ky) * {width} + x{pixel} + kx");
        if !self.reaches_outside() {
            return format!("image[{index}]");
        }
        // As unsigned numbers, those left of or above the image are too large as well.
        format!("select(0.0, image[{index}], u32(y{pixel} + ky) < {height}u && u32(x{pixel} + kx) < {width}u)")
    }

    fn reaches_outside(&self) -> bool {
        let beyond = |axis: usize| {
            let last = (self.output[axis + 1] - 1) * self.strides[axis] + self.kernel[axis];
            self.pads[axis] > 0 || last > self.input[axis + 1]
        };
        beyond(0) || beyond(1)
    }

    fn write_stores(&self, code: &mut String, tile: Tile, pixels: usize) {
        for pixel in 0..tile.pixels {
            let (vector, lane) = (pixel / 4, ["x", "y", "z", "w"][pixel % 4]);
            let _ = writeln!(code, "if (first + {pixel}u < {pixels}u) {{");
            for channel in 0..tile.channels {
                let value = format!("sum{channel}_{vector}.{lane}");
                let value = if self.relu { format!("max({value}, 0.0)") } else { value };
                let _ = writeln!(code, "result[(channel + {channel}u) * {pixels}u + first + {pixel}u] = {value};");
            }
            code.push_str("}\n");
        }
    }
}

/// Channels, height and width of a tensor that the graph describes.
fn feature_map(graph: &GraphProto, name: &str) -> Option<[usize; 3]> {
    let described = |value: &&ValueInfoProto| value.get_name() == name;
    let mut values = graph.get_value_info().iter().chain(graph.get_input()).chain(graph.get_output());
    let shape = values.find(described)?.get_shape().ok()?;
    match shape.dims.as_slice() {
        &[1, channels, height, width] => Some([channels as usize, height as usize, width as usize]),
        _ => None,
    }
}
