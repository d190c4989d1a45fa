// Convolution in registers: an invocation computes {{ of.block }} quads of output channels of {{ of.pixels }} neighbouring pixels.
{%- if of.half %}
enable f16;
{%- endif %}
{%- if of.shared %}
enable subgroups;
{%- endif %}
{% include "bindings.wgsl" %}
// Quads of input channels, and the image in pixels.
const DEPTH: u32 = {{ of.depth() }};
const HEIGHT: i32 = {{ of.conv.input[1] }};
const WIDTH: i32 = {{ of.conv.input[2] }};
const PLANE: u32 = u32(HEIGHT * WIDTH);
// Where it begins in its buffer.
const START: u32 = {{ start }};

const OUTPUT_WIDTH: u32 = {{ of.conv.output[2] }};
const OUTPUT_PIXELS: u32 = {{ of.conv.output[1] * of.conv.output[2] }};

// Height and width of the window, and where it begins.
const KERNEL: vec2<i32> = vec2<i32>({{ of.conv.kernel[0] }}, {{ of.conv.kernel[1] }});
const STRIDES: vec2<i32> = vec2<i32>({{ of.conv.strides[0] }}, {{ of.conv.strides[1] }});
const PADS: vec2<i32> = vec2<i32>({{ of.conv.pads[0] }}, {{ of.conv.pads[1] }});
const TAPS: u32 = u32(KERNEL.x * KERNEL.y);

// Row and column in the image where the window of an output pixel begins; they may lie outside.
fn corner(pixel: u32) -> vec2<i32> {
    return vec2<i32>(i32(pixel / OUTPUT_WIDTH), i32(pixel % OUTPUT_WIDTH)) * STRIDES - PADS;
}
{%- if of.conv.is_bounded() %}

fn is_inside(at: vec2<i32>) -> bool {
    // As unsigned numbers, those above or left of the image are too large as well.
    return u32(at.x) < u32(HEIGHT) && u32(at.y) < u32(WIDTH);
}
{%- endif %}

// Adds the bias and what makes sums of f16 weights whole again; negative values become 0 if a ReLU follows. Output channels
// may belong to several tensors.
fn store(sum: vec4<f32>, quad: u32, pixel: u32) {
    let value = sum{% if of.half %} * bias[{{ of.conv.output_quads() }}u + quad]{% endif %} + bias[quad];
    let place = i32(quad * OUTPUT_PIXELS + pixel);
    {%- for store in stores %}
    {%- if stores.len() > 1 %}
    if (quad >= {{ store.begin }}u && quad < {{ store.end }}u) {
    {%- else %}
    {
    {%- endif %}
        {{ RESULTS[store.buffer] }}[u32(place + {{ store.start }})] = {% if store.relu %}max(value, vec4<f32>()){% else %}value{% endif %};
    }
    {%- endfor %}
}

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    {%- if of.shared %}
    @builtin(subgroup_invocation_id) lane: u32,
    {%- endif %}
) {
    let first = id.x * {{ of.pixels }}u;
    let quad = group.y * {{ of.block }}u;
    {%- for p in 0..of.pixels %}
    // A pixel beyond the last is computed like it and not stored.
    let pixel{{ p }} = min(first + {{ p }}u, OUTPUT_PIXELS - 1u);
    let corner{{ p }} = corner(pixel{{ p }});
    {%- for q in 0..of.block %}
    var sum{{ q }}_{{ p }} = vec4<f32>();
    {%- endfor %}
    {%- endfor %}
    for (var y = 0; y < KERNEL.x; y++) {
        for (var x = 0; x < KERNEL.y; x++) {
            let tap = (group.y * TAPS + u32(y * KERNEL.y + x)) * {{ of.depth() * of.block * 4 }}u;
            {%- for p in 0..of.pixels %}
            let at{{ p }} = corner{{ p }} + vec2<i32>(y, x);
            {%- if of.conv.is_bounded() %}
            let inside{{ p }} = is_inside(at{{ p }});
            let from{{ p }} = select(0u, u32(at{{ p }}.x * WIDTH + at{{ p }}.y), inside{{ p }});
            {%- else %}
            let from{{ p }} = u32(at{{ p }}.x * WIDTH + at{{ p }}.y);
            {%- endif %}
            {%- endfor %}
            for (var c = 0u; c < DEPTH; c++) {
                let plane = START + c * PLANE;
                let w = tap + c * {{ of.block * 4 }}u;
                {%- for p in 0..of.pixels %}
                {%- if of.conv.is_bounded() %}
                let v{{ p }} = select(vec4<f32>(), image[plane + from{{ p }}], inside{{ p }});
                {%- else %}
                let v{{ p }} = image[plane + from{{ p }}];
                {%- endif %}
                {%- endfor %}
                {%- for q in 0..of.block %}
                {%- if of.shared %}
                let own{{ q }} = vec4<f32>(weights[w + {{ q * 4 }}u + (lane & 3u)]);
                let m{{ q }} = mat4x4<f32>(
                    quadBroadcast(own{{ q }}, 0u),
                    quadBroadcast(own{{ q }}, 1u),
                    quadBroadcast(own{{ q }}, 2u),
                    quadBroadcast(own{{ q }}, 3u),
                );
                {%- else %}
                let m{{ q }} = mat4x4<f32>(
                    vec4<f32>(weights[w + {{ q * 4 }}u]),
                    vec4<f32>(weights[w + {{ q * 4 + 1 }}u]),
                    vec4<f32>(weights[w + {{ q * 4 + 2 }}u]),
                    vec4<f32>(weights[w + {{ q * 4 + 3 }}u]),
                );
                {%- endif %}
                {%- for p in 0..of.pixels %}
                sum{{ q }}_{{ p }} += m{{ q }} * v{{ p }};
                {%- endfor %}
                {%- endfor %}
            }
        }
    }
    {%- for p in 0..of.pixels %}
    if (first + {{ p }}u < OUTPUT_PIXELS) {
        {%- for q in 0..of.block %}
        store(sum{{ q }}_{{ p }}, quad + {{ q }}u, pixel{{ p }});
        {%- endfor %}
    }
    {%- endfor %}
}
