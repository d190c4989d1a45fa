//! The nodes between the convolutions: pools, `Concat`, the dense layer, a `Relu` that stands alone.

use std::fmt::Write as _;

use wgpu_bridge::kernels::Kernel;

use super::layout::{LANES, quads};
use super::shader::{buffers, touch};

const WORKGROUP: usize = 64;

/// What WebGPU guarantees in each direction.
const MAX_WORKGROUPS: usize = 65_535;

const VEC4: &str = "vec4<f32>";

/// A kernel with one invocation for every quad of the output, whose number is `i`.
fn per_quad(count: usize, declarations: &str, body: &str, again: bool) -> Kernel {
    let groups = count.div_ceil(WORKGROUP);
    let rows = groups.div_ceil(MAX_WORKGROUPS);
    let columns = groups.div_ceil(rows);
    let wgsl = format!(
        "{declarations}@compute @workgroup_size({WORKGROUP})\n\
         fn main(@builtin(global_invocation_id) id: vec3<u32>) {{\n{}\
         let i = id.y * {}u + id.x;\nif (i >= {count}u) {{ return; }}\n{body}}}\n",
        touch(again),
        columns * WORKGROUP,
    );
    Kernel { wgsl, workgroups: [columns as u32, rows as u32, 1] }
}

/// A pool with a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// Height and width of the output.
    pub output: [usize; 2],
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Steps of the window down and right.
    pub strides: [usize; 2],
    /// Elements above and left of the input.
    pub pads: [usize; 2],
    /// What becomes of the window.
    pub kind: PoolKind,
}

/// What a pool computes of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest value.
    Max,
    /// The mean of the values inside the image.
    Average,
    /// The mean, zeros outside the image counted.
    AverageWithPads,
}

impl Pool {
    /// The kernel. Inputs: the image, twice if `again`.
    pub fn kernel(&self, again: bool) -> Kernel {
        let Self { input: [channels, height, width], output, kernel, strides, pads, kind } = *self;
        let pixels = output[0] * output[1];
        let (start, step, end) = match kind {
            PoolKind::Max => ("-3.4028234e38", "value = max(value, v);", "value".to_owned()),
            PoolKind::Average => ("0.0", "value += v; count += 1.0;", "value / count".to_owned()),
            PoolKind::AverageWithPads => {
                ("0.0", "value += v;", format!("value * {:?}", 1.0 / (kernel[0] * kernel[1]) as f32))
            }
        };
        let body = format!(
            "let p = i % {pixels}u;\n\
             let plane = i / {pixels}u * {}u;\n\
             let top = i32(p / {}u) * {} - {};\n\
             let left = i32(p % {}u) * {} - {};\n\
             var value = vec4<f32>({start});\n\
             var count = 0.0;\n\
             for (var y = max(top, 0); y < min(top + {}, {height}); y++) {{\n\
             for (var x = max(left, 0); x < min(left + {}, {width}); x++) {{\n\
             let v = image[plane + u32(y * {width} + x)];\n{step}\n}}\n}}\n\
             result[i] = {end};\n",
            height * width,
            output[1],
            strides[0],
            pads[0],
            output[1],
            strides[1],
            pads[1],
            kernel[0],
            kernel[1],
        );
        per_quad(quads(channels) * pixels, &buffers(&[("image", VEC4)], again, VEC4), &body, again)
    }
}

/// The mean of every channel of `[channels, height, width]`.
pub fn global_average([channels, height, width]: [usize; 3], again: bool) -> Kernel {
    let pixels = height * width;
    let body = format!(
        "var sum = vec4<f32>();\n\
         for (var p = 0u; p < {pixels}u; p++) {{ sum += image[i * {pixels}u + p]; }}\n\
         result[i] = sum * {:?};\n",
        1.0 / pixels as f32
    );
    per_quad(quads(channels), &buffers(&[("image", VEC4)], again, VEC4), &body, again)
}

/// Negative values become 0.
pub fn relu(packed_len: usize, again: bool) -> Kernel {
    let body = "result[i] = max(image[i], vec4<f32>());\n";
    per_quad(packed_len / LANES, &buffers(&[("image", VEC4)], again, VEC4), body, again)
}

/// Feature maps of so many channels each, one behind the other; all have `pixels` pixels.
pub fn concat(channels: &[usize], pixels: usize, again: bool) -> Kernel {
    let names: Vec<String> = (0..channels.len()).map(|index| format!("image{index}")).collect();
    let inputs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), VEC4)).collect();
    let mut declarations = buffers(&inputs, again, VEC4);
    let (_, first_ones) = channels.split_last().unwrap_or((&0, &[]));
    let aligned = first_ones.iter().all(|count| count.is_multiple_of(LANES));
    let mut end = 0;
    let mut body = String::new();
    if aligned {
        for (index, count) in channels.iter().enumerate() {
            let start = end;
            end += quads(*count) * pixels;
            let _ = writeln!(body, "if (i >= {start}u && i < {end}u) {{ result[i] = image{index}[i - {start}u]; }}");
        }
    } else {
        declarations.push_str("fn channel(c: u32, p: u32) -> f32 {\n");
        for (index, count) in channels.iter().enumerate() {
            let start = end;
            end += count;
            let from = format!("(c - {start}u) / 4u * {pixels}u + p");
            let _ = writeln!(
                declarations,
                "if (c >= {start}u && c < {end}u) {{ return image{index}[{from}][(c - {start}u) % 4u]; }}"
            );
        }
        declarations.push_str("return 0.0;\n}\n");
        let _ = writeln!(body, "let c = i / {pixels}u * 4u;\nlet p = i % {pixels}u;");
        body.push_str("result[i] = vec4(channel(c, p), channel(c + 1u, p), channel(c + 2u, p), channel(c + 3u, p));\n");
    }
    per_quad(quads(channels.iter().sum()) * pixels, &declarations, &body, again)
}

/// A dense layer of `inputs` packed values: a workgroup for every quad of outputs, whose invocations share the sum.
/// Inputs: values, weights in blocks of one quad, bias.
pub fn dense(inputs: usize, outputs: usize, again: bool) -> Kernel {
    let declarations = buffers(&[("image", VEC4), ("weights", VEC4), ("bias", VEC4)], again, VEC4);
    let depth = quads(inputs);
    let wgsl = format!(
        "{declarations}var<workgroup> sums: array<vec4<f32>, {WORKGROUP}>;\n\
         @compute @workgroup_size({WORKGROUP})\n\
         fn main(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3<u32>) {{\n{}\
         var sum = vec4<f32>();\n\
         for (var c = index; c < {depth}u; c += {WORKGROUP}u) {{\n\
         let w = (group.x * {depth}u + c) * 4u;\n\
         sum += mat4x4<f32>(weights[w], weights[w + 1u], weights[w + 2u], weights[w + 3u]) * image[c];\n\
         }}\n\
         sums[index] = sum;\n\
         for (var span = {}u; span > 0u; span /= 2u) {{\n\
         workgroupBarrier();\n\
         if (index < span) {{ sums[index] += sums[index + span]; }}\n\
         }}\n\
         if (index == 0u) {{ result[group.x] = sums[0] + bias[group.x]; }}\n}}\n",
        touch(again),
        WORKGROUP / 2,
    );
    Kernel { wgsl, workgroups: [quads(outputs) as u32, 1, 1] }
}
