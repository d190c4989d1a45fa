// Convolution as an implicit matrix product: a workgroup brings a tile of the image and of the weights into its memory, a
// step of the depth at a time. Each invocation loads one pixel and computes {{ tile.quads }} quads of output channels of
// {{ tile.down }} pixels.
{%- if common.half %}
enable f16;
{%- endif %}
{% include "bindings.wgsl" %}
{% include "conv_common.wgsl" %}

const THREADS: u32 = {{ tile.pixels() }};
// Quads of input channels a step, and the weights of one of them.
const STEP: u32 = {{ step }};
const WEIGHTS: u32 = {{ tile.block() * 4 }};
const OUTPUT_QUADS: u32 = {{ common.conv.output_quads() }};

var<workgroup> image_tile: array<vec4<f32>, STEP * THREADS>;
var<workgroup> weight_tile: array<vec4<f32>, STEP * WEIGHTS>;

@compute @workgroup_size({{ tile.across }}, {{ tile.down }})
fn main(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    {% include "touch.wgsl" %}
    let first = group.x * THREADS;
    let quad = group.y * {{ tile.block() }}u + local.y * {{ tile.quads }}u;
    let corner = corner(min(first + index, OUTPUT_PIXELS - 1u));
    {%- for q in 0..tile.quads %}
    {%- for p in 0..tile.down %}
    var sum{{ q }}_{{ p }} = vec4<f32>();
    {%- endfor %}
    {%- endfor %}
    for (var y = 0; y < KERNEL.x; y++) {
        for (var x = 0; x < KERNEL.y; x++) {
            let tap = (group.y * TAPS + u32(y * KERNEL.y + x)) * DEPTH * WEIGHTS;
            let at = corner + vec2<i32>(y, x);
            {%- if common.bounded %}
            let inside = is_inside(at);
            let source = select(0u, u32(at.x * WIDTH + at.y), inside);
            {%- else %}
            let source = u32(at.x * WIDTH + at.y);
            {%- endif %}
            for (var c = 0u; c < DEPTH; c += STEP) {
                {%- for s in 0..step %}
                image_tile[{{ s }}u * THREADS + index] = vec4<f32>();
                // Quads beyond the last stay 0.
                if (c + {{ s }}u < DEPTH) {
                    {%- if common.bounded %}
                    let value = select(vec4<f32>(), image[(c + {{ s }}u) * PLANE + source], inside);
                    {%- else %}
                    let value = image[(c + {{ s }}u) * PLANE + source];
                    {%- endif %}
                    image_tile[{{ s }}u * THREADS + index] = value;
                }
                {%- endfor %}
                for (var i = index; i < STEP * WEIGHTS; i += THREADS) {
                    let there = c * WEIGHTS + i < DEPTH * WEIGHTS;
                    let weight = vec4<f32>(weights[tap + select(0u, c * WEIGHTS + i, there)]);
                    weight_tile[i] = select(vec4<f32>(), weight, there);
                }
                workgroupBarrier();
                for (var part = 0u; part < STEP; part++) {
                    {%- for p in 0..tile.down %}
                    let v{{ p }} = image_tile[part * THREADS + local.x + {{ p * tile.across }}u];
                    {%- endfor %}
                    {%- for q in 0..tile.quads %}
                    let w{{ q }} = part * WEIGHTS + (local.y * {{ tile.quads }}u + {{ q }}u) * 4u;
                    let m{{ q }} = mat4x4<f32>(
                        weight_tile[w{{ q }}],
                        weight_tile[w{{ q }} + 1u],
                        weight_tile[w{{ q }} + 2u],
                        weight_tile[w{{ q }} + 3u],
                    );
                    {%- for p in 0..tile.down %}
                    sum{{ q }}_{{ p }} += m{{ q }} * v{{ p }};
                    {%- endfor %}
                    {%- endfor %}
                }
                workgroupBarrier();
            }
        }
    }
    {%- for p in 0..tile.down %}
    let pixel{{ p }} = first + local.x + {{ p * tile.across }}u;
    {%- for q in 0..tile.quads %}
    if (pixel{{ p }} < OUTPUT_PIXELS && quad + {{ q }}u < OUTPUT_QUADS) {
        result[(quad + {{ q }}u) * OUTPUT_PIXELS + pixel{{ p }}] = finished(sum{{ q }}_{{ p }}, quad + {{ q }}u);
    }
    {%- endfor %}
    {%- endfor %}
}
