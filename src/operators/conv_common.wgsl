// Quads of input channels, and the image in pixels.
const DEPTH: u32 = {{ common.depth }};
const HEIGHT: i32 = {{ common.conv.input[1] }};
const WIDTH: i32 = {{ common.conv.input[2] }};
const PLANE: u32 = u32(HEIGHT * WIDTH);

const OUTPUT_WIDTH: u32 = {{ common.conv.output[2] }};
const OUTPUT_PIXELS: u32 = {{ common.conv.output[1] * common.conv.output[2] }};

// Height and width of the window, and where it begins.
const KERNEL: vec2<i32> = vec2<i32>({{ common.conv.kernel[0] }}, {{ common.conv.kernel[1] }});
const STRIDES: vec2<i32> = vec2<i32>({{ common.conv.strides[0] }}, {{ common.conv.strides[1] }});
const PADS: vec2<i32> = vec2<i32>({{ common.conv.pads[0] }}, {{ common.conv.pads[1] }});
const TAPS: u32 = u32(KERNEL.x * KERNEL.y);

// Row and column in the image where the window of an output pixel begins; they may lie outside.
fn corner(pixel: u32) -> vec2<i32> {
    return vec2<i32>(i32(pixel / OUTPUT_WIDTH), i32(pixel % OUTPUT_WIDTH)) * STRIDES - PADS;
}
{%- if common.bounded %}

fn is_inside(at: vec2<i32>) -> bool {
    // As unsigned numbers, those above or left of the image are too large as well.
    return u32(at.x) < u32(HEIGHT) && u32(at.y) < u32(WIDTH);
}
{%- endif %}

// Bias, and what makes sums of f16 weights whole again; negative values become 0 if a ReLU follows.
fn finished(sum: vec4<f32>, quad: u32) -> vec4<f32> {
    let value = sum{% if common.half %} * bias[{{ common.scales }}u + quad]{% endif %} + bias[quad];
    return {% if common.conv.relu %}max(value, vec4<f32>()){% else %}value{% endif %};
}
