//! Convolution, bias and `ReLU` in one kernel, in two shapes: [`Method::Registers`] for processors that play the GPU,
//! [`Method::Tiles`] for real ones. Both compute 4 output channels x several pixels with one `mat4x4 * vec4` per quad
//! of input channels, over the layout of [`super::layout`].

use std::fmt::Write as _;

use wgpu_bridge::kernels::Kernel;

use super::layout::{LANES, bytes, pack_bias, pack_weights, packed_len, quads, take_scales};
use super::shader::{buffers, touch};
use super::variant::{Method, Variant};

/// Invocations of a workgroup of [`Method::Registers`]: few, so that the last workgroup of a small layer idles little.
const REGISTER_WORKGROUP: usize = 16;

/// Quads of input channels that [`Method::Tiles`] brings into workgroup memory at a time.
const DEPTH: usize = 2;

/// Workgroups that should at least be there, or smaller tiles are taken: a real GPU has some tens of cores.
const ENOUGH_WORKGROUPS: usize = 96;

/// What WebGPU guarantees in each direction.
const MAX_WORKGROUPS: usize = 65_535;

/// A convolution of batch 1, group 1, dilation 1, with bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// Threads of a workgroup of [`Method::Tiles`] along pixels and channels. Each thread loads one pixel and computes as
/// many pixels as there are threads along the channels.
#[derive(Clone, Copy, Debug)]
struct Tile {
    across: usize,
    down: usize,
    quads: usize,
}

impl Tile {
    /// Largest first. 64 pixels x 64, 32 or 16 channels.
    const ALL: [Self; 3] = [
        Self { across: 8, down: 8, quads: 2 },
        Self { across: 16, down: 4, quads: 2 },
        Self { across: 16, down: 4, quads: 1 },
    ];

    fn pixels(self) -> usize {
        self.across * self.down
    }

    fn block(self) -> usize {
        self.down * self.quads
    }

    fn of(conv: &Conv) -> Self {
        let count = |tile: &Self| conv.pixels().div_ceil(tile.pixels()) * quads(conv.output[0]).div_ceil(tile.block());
        let [.., smallest] = Self::ALL;
        Self::ALL.into_iter().find(|tile| count(tile) >= ENOUGH_WORKGROUPS).unwrap_or(smallest)
    }
}

impl Conv {
    fn pixels(&self) -> usize {
        self.output[1] * self.output[2]
    }

    /// The bytes of the kernel's second and third buffer. `weights` are `[outputs, inputs, height, width]`.
    pub fn constants(&self, variant: Variant, mut weights: Vec<f32>, bias: &[f32]) -> [Vec<u8>; 2] {
        let block = self.block(variant.method);
        let shape = [self.output[0], self.input[0], self.kernel[0], self.kernel[1]];
        let mut bias = pack_bias(bias, block);
        if !variant.half {
            return [bytes(&pack_weights(&weights, shape, block)), bytes(&bias)];
        }
        bias.extend(pack_bias(&take_scales(&mut weights, shape[0]), block));
        let halves =
            pack_weights(&weights, shape, block).into_iter().flat_map(|w| half::f16::from_f32(w).to_le_bytes());
        [halves.collect(), bytes(&bias)]
    }

    /// Multiplications of a run.
    pub fn multiply_accumulates(&self) -> u64 {
        let taps = self.kernel[0] * self.kernel[1];
        (self.pixels() * self.output[0] * self.input[0] * taps) as u64
    }

    /// Bytes of image, weights, bias and output, as [`Self::kernel`] wants them.
    pub fn buffer_bytes(&self, variant: Variant) -> [u64; 4] {
        let block = self.block(variant.method);
        let outputs = quads(self.output[0]).next_multiple_of(block) * LANES;
        let taps = self.kernel[0] * self.kernel[1];
        let weights = outputs * taps * quads(self.input[0]) * LANES;
        let (weight, biases) = if variant.half { (2, 2) } else { (4, 1) };
        [packed_len(self.input) * 4, weights * weight, outputs * biases * 4, packed_len(self.output) * 4]
            .map(|bytes| bytes as u64)
    }

    /// Output quads that lie together in the weights.
    fn block(&self, method: Method) -> usize {
        match method {
            Method::Registers { quads: most, .. } => {
                (1..=most).rev().find(|&block| quads(self.output[0]).is_multiple_of(block)).unwrap_or(1)
            }
            Method::Tiles => Tile::of(self).block(),
        }
    }

    /// The kernel, or `None` where it needs more workgroups than WebGPU promises. Inputs: image, weights, bias, and
    /// the image once more if `again`.
    pub fn kernel(&self, variant: Variant, again: bool) -> Option<Kernel> {
        let (wgsl, workgroups) = match variant.method {
            Method::Registers { pixels, shared, .. } => {
                let block = self.block(variant.method);
                let workgroups = [self.pixels().div_ceil(pixels * REGISTER_WORKGROUP), quads(self.output[0]) / block];
                (self.registers(block, pixels, shared, variant.half, again), workgroups)
            }
            Method::Tiles => {
                let tile = Tile::of(self);
                let workgroups = [self.pixels().div_ceil(tile.pixels()), quads(self.output[0]).div_ceil(tile.block())];
                (self.tiles(tile, variant.half, again), workgroups)
            }
        };
        if workgroups.iter().any(|&count| count > MAX_WORKGROUPS) {
            return None;
        }
        let [x, y] = workgroups.map(|count| count as u32);
        Some(Kernel { wgsl, workgroups: [x, y, 1] })
    }

    fn head(half: bool, shared: bool, again: bool) -> String {
        let weights = if half { "vec4<f16>" } else { "vec4<f32>" };
        let mut code = String::new();
        if half {
            code.push_str("enable f16;\n");
        }
        if shared {
            code.push_str("enable subgroups;\n");
        }
        let inputs = [("image", "vec4<f32>"), ("weights", weights), ("bias", "vec4<f32>")];
        code.push_str(&buffers(&inputs, again, "vec4<f32>"));
        code
    }

    fn registers(&self, block: usize, pixels: usize, shared: bool, half: bool, again: bool) -> String {
        let last = self.pixels() - 1;
        let mut code = Self::head(half, shared, again);
        let lane = if shared { ", @builtin(subgroup_invocation_id) lane: u32" } else { "" };
        let _ = writeln!(
            code,
            "@compute @workgroup_size({REGISTER_WORKGROUP})\n\
             fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>{lane}) {{\n\
             {}let first = id.x * {pixels}u;\n\
             let quad = group.y * {block}u;",
            touch(again)
        );
        for pixel in 0..pixels {
            // Pixels beyond the last are computed like it and not stored.
            let _ = writeln!(code, "let p{pixel} = min(first + {pixel}u, {last}u);");
            code.push_str(&self.corner(pixel));
        }
        for quad in 0..block {
            for pixel in 0..pixels {
                let _ = writeln!(code, "var sum{quad}_{pixel} = vec4<f32>();");
            }
        }
        let depth = quads(self.input[0]);
        let [height, width] = self.kernel;
        let _ = writeln!(
            code,
            "for (var ky = 0; ky < {height}; ky++) {{\nfor (var kx = 0; kx < {width}; kx++) {{\n\
             let tap = (group.y * {}u + u32(ky * {width} + kx)) * {}u;",
            height * width,
            depth * block * LANES,
        );
        for pixel in 0..pixels {
            code.push_str(&self.tap(pixel));
        }
        let _ = writeln!(
            code,
            "for (var c = 0u; c < {depth}u; c++) {{\nlet plane = c * {}u;\nlet w = tap + c * {}u;",
            self.input[1] * self.input[2],
            block * LANES,
        );
        for pixel in 0..pixels {
            let _ = writeln!(code, "let v{pixel} = {};", self.load(pixel, "plane"));
        }
        for quad in 0..block {
            if shared {
                let _ = writeln!(code, "let mine{quad} = vec4<f32>(weights[w + {}u + (lane & 3u)]);", quad * LANES);
            }
            let columns: Vec<String> = (0..LANES)
                .map(|column| {
                    if shared {
                        format!("quadBroadcast(mine{quad}, {column}u)")
                    } else {
                        format!("vec4<f32>(weights[w + {}u])", quad * LANES + column)
                    }
                })
                .collect();
            let _ = writeln!(code, "let m{quad} = mat4x4<f32>({});", columns.join(", "));
            for pixel in 0..pixels {
                let _ = writeln!(code, "sum{quad}_{pixel} += m{quad} * v{pixel};");
            }
        }
        code.push_str("}\n}\n}\n");
        for pixel in 0..pixels {
            let _ = writeln!(code, "if (first + {pixel}u <= {last}u) {{");
            for quad in 0..block {
                let value = self.finished(quad, pixel, block, half);
                let _ = writeln!(code, "result[(quad + {quad}u) * {}u + p{pixel}] = {value};", self.pixels());
            }
            code.push_str("}\n");
        }
        code.push_str("}\n");
        code
    }

    fn tiles(&self, tile: Tile, half: bool, again: bool) -> String {
        let threads = tile.pixels();
        let depth = quads(self.input[0]);
        let per_quad = tile.block() * LANES;
        let mut code = Self::head(half, false, again);
        let _ = writeln!(
            code,
            "var<workgroup> image_tile: array<vec4<f32>, {}>;\n\
             var<workgroup> weight_tile: array<vec4<f32>, {}>;\n\
             @compute @workgroup_size({}, {})\n\
             fn main(@builtin(local_invocation_id) local: vec3<u32>, @builtin(local_invocation_index) index: u32, \
             @builtin(workgroup_id) group: vec3<u32>) {{\n\
             {}let first = group.x * {threads}u;\n\
             let quad = group.y * {}u + local.y * {}u;\n\
             let p0 = min(first + index, {}u);",
            DEPTH * threads,
            DEPTH * per_quad,
            tile.across,
            tile.down,
            touch(again),
            tile.block(),
            tile.quads,
            self.pixels() - 1,
        );
        code.push_str(&self.corner(0));
        for quad in 0..tile.quads {
            for pixel in 0..tile.down {
                let _ = writeln!(code, "var sum{quad}_{pixel} = vec4<f32>();");
            }
        }
        let [height, width] = self.kernel;
        let _ = writeln!(
            code,
            "for (var ky = 0; ky < {height}; ky++) {{\nfor (var kx = 0; kx < {width}; kx++) {{\n\
             let tap = (group.y * {}u + u32(ky * {width} + kx)) * {}u;\n{}\
             for (var c = 0u; c < {depth}u; c += {DEPTH}u) {{",
            height * width,
            depth * per_quad,
            self.tap(0),
        );
        let plane = self.input[1] * self.input[2];
        for step in 0..DEPTH {
            let load = self.load(0, &format!("(c + {step}u) * {plane}u"));
            // Quads beyond the last are 0, unless the depth divides evenly.
            let inside =
                if depth.is_multiple_of(DEPTH) { String::new() } else { format!("if (c + {step}u < {depth}u) ") };
            let _ = writeln!(code, "image_tile[{}u + index] = vec4<f32>();", step * threads);
            let _ = writeln!(code, "{inside}{{ image_tile[{}u + index] = {load}; }}", step * threads);
        }
        let _ = writeln!(
            code,
            "for (var i = index; i < {}u; i += {threads}u) {{\n\
             let inside = c * {per_quad}u + i < {}u;\n\
             weight_tile[i] = select(vec4<f32>(), vec4<f32>(weights[tap + select(0u, c * {per_quad}u + i, inside)]), inside);\n\
             }}\nworkgroupBarrier();\n\
             for (var part = 0u; part < {DEPTH}u; part++) {{",
            DEPTH * per_quad,
            depth * per_quad,
        );
        for pixel in 0..tile.down {
            let _ =
                writeln!(code, "let v{pixel} = image_tile[part * {threads}u + local.x + {}u];", pixel * tile.across);
        }
        for quad in 0..tile.quads {
            let _ = writeln!(code, "let w{quad} = part * {per_quad}u + (local.y * {}u + {quad}u) * 4u;", tile.quads);
            let columns: Vec<String> = (0..LANES).map(|column| format!("weight_tile[w{quad} + {column}u]")).collect();
            let _ = writeln!(code, "let m{quad} = mat4x4<f32>({});", columns.join(", "));
            for pixel in 0..tile.down {
                let _ = writeln!(code, "sum{quad}_{pixel} += m{quad} * v{pixel};");
            }
        }
        code.push_str("}\nworkgroupBarrier();\n}\n}\n}\n");
        for pixel in 0..tile.down {
            let _ = writeln!(code, "let at{pixel} = first + local.x + {}u;", pixel * tile.across);
            for quad in 0..tile.quads {
                let value = self.finished(quad, pixel, tile.block(), half);
                let _ = writeln!(
                    code,
                    "if (at{pixel} < {pixels}u && quad + {quad}u < {}u) {{ result[(quad + {quad}u) * {pixels}u + at{pixel}] = {value}; }}",
                    quads(self.output[0]),
                    pixels = self.pixels(),
                );
            }
        }
        code.push_str("}\n");
        code
    }

    /// Where the window of output pixel `p<n>` begins in the image.
    fn corner(&self, pixel: usize) -> String {
        let width = self.output[2];
        format!(
            "let y{pixel} = i32(p{pixel} / {width}u) * {} - {}; let x{pixel} = i32(p{pixel} % {width}u) * {} - {};\n",
            self.strides[0], self.pads[0], self.strides[1], self.pads[1]
        )
    }

    /// The image's pixel under the window's element (ky, kx), and whether there is one.
    fn tap(&self, pixel: usize) -> String {
        let [_, height, width] = self.input;
        let at = format!("u32((y{pixel} + ky) * {width} + x{pixel} + kx)");
        if !self.reaches_outside() {
            return format!("let from{pixel} = {at};\n");
        }
        // As unsigned numbers, those left of or above the image are too large as well.
        format!(
            "let in{pixel} = u32(y{pixel} + ky) < {height}u && u32(x{pixel} + kx) < {width}u;\n\
             let from{pixel} = select(0u, {at}, in{pixel});\n"
        )
    }

    /// Four channels of one pixel, 0 outside the image.
    fn load(&self, pixel: usize, plane: &str) -> String {
        let value = format!("image[{plane} + from{pixel}]");
        if self.reaches_outside() { format!("select(vec4<f32>(), {value}, in{pixel})") } else { value }
    }

    fn reaches_outside(&self) -> bool {
        let beyond = |axis: usize| {
            let last = (self.output[axis + 1] - 1) * self.strides[axis] + self.kernel[axis];
            self.pads[axis] > 0 || last > self.input[axis + 1]
        };
        beyond(0) || beyond(1)
    }

    /// Bias, `ReLU` and, for f16 weights, the scale that was taken out of them ([`super::layout::take_scales`]).
    fn finished(&self, quad: usize, pixel: usize, block: usize, half: bool) -> String {
        let sum = format!("sum{quad}_{pixel}");
        let scales = quads(self.output[0]).next_multiple_of(block);
        let scaled = if half { format!("{sum} * bias[quad + {}u]", scales + quad) } else { sum };
        let value = format!("{scaled} + bias[quad + {quad}u]");
        if self.relu { format!("max({value}, vec4<f32>())") } else { value }
    }
}
