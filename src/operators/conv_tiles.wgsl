// Convolutions for GPUs. A workgroup computes {{ tile.width() }} pixels x {{ tile.block() }} quads of output channels of one of them, a
// thread {{ tile.pixels }} pixels x {{ tile.quads }} quads{% if tile.split > 1 %} over a part of the depth; the parts are added at the end{% endif %}. What differs between
// layers is read from `layers`, so that few shaders are to be compiled.
{%- if half %}
enable f16;
{%- endif %}

struct Layer {
    // Height and width of the image, where it begins in its buffer, its quads of channels.
    image: vec4<u32>,
    // Width and pixels of the output, its quads of channels, workgroups along its pixels.
    output: vec4<u32>,
    // Height and width of the window, steps down and right.
    window: vec4<u32>,
    // Zeros above and left of the image, where weights and bias begin.
    begin: vec4<u32>,
    // The first workgroup, where the scales begin.
    first: vec4<u32>,
    // Parts of the output channels: the quad behind the last, where they begin in their buffer, which one that is, whether
    // negative values become 0.
    parts: array<vec4<i32>, {{ parts }}>,
}
{% include "bindings.wgsl" %}

// Quads of input channels a step, and the weights of a quad of input channels.
const STEP: u32 = {{ tile.step }};
const WEIGHTS: u32 = {{ tile.block() * 4 }};
const ACROSS: u32 = {{ tile.across }};
const SPLIT: u32 = {{ tile.split }};
{%- if tile.split > 1 %}

const THREADS: u32 = {{ tile.across * tile.down }};
var<workgroup> sums: array<vec4<f32>, {{ tile.split / 2 * tile.across * tile.down * tile.results() }}>;
{%- endif %}

// Row and column in the image where the window of an output pixel begins; they may lie outside.
fn corner(pixel: u32, layer: u32) -> vec2<i32> {
    let at = vec2<u32>(pixel / layers[layer].output.x, pixel % layers[layer].output.x) * layers[layer].window.zw;
    return vec2<i32>(at) - vec2<i32>(layers[layer].begin.xy);
}

// Adds the bias and what makes sums of f16 weights whole again.
fn store(sum: vec4<f32>, quad: u32, pixel: u32, layer: u32) {
    let value = sum{% if half %} * bias[layers[layer].first.y + quad]{% endif %} + bias[layers[layer].begin.w + quad];
    var part = layers[layer].parts[0];
    {%- for p in 1..parts %}
    if (i32(quad) >= layers[layer].parts[{{ p - 1 }}].x) { part = layers[layer].parts[{{ p }}]; }
    {%- endfor %}
    let finished = select(value, max(value, vec4<f32>()), part.w != 0);
    let place = u32(i32(quad * layers[layer].output.y + pixel) + part.y);
    if (part.z == 0) { result[place] = finished; } else { result_2[place] = finished; }
}

@compute @workgroup_size({{ tile.across }}, {{ tile.down }}, {{ tile.split }})
fn main(@builtin(local_invocation_id) local: vec3<u32>, @builtin(workgroup_id) id: vec3<u32>) {
    var layer = 0u;
    {%- for l in 1..layers %}
    if (id.x >= layers[{{ l }}].first.x) { layer = {{ l }}u; }
    {%- endfor %}
    let image_size = vec2<i32>(layers[layer].image.xy);
    let plane = layers[layer].image.x * layers[layer].image.y;
    let pixels = layers[layer].output.y;
    let window = vec2<i32>(layers[layer].window.xy);
    let depth = layers[layer].image.w;
    let place_steps = depth / STEP;
    let steps = layers[layer].window.x * layers[layer].window.y * place_steps;

    let index = id.x - layers[layer].first.x;
    let group = vec2<u32>(index % layers[layer].output.w, index / layers[layer].output.w);
    let first = group.x * {{ tile.width() }}u + local.x;
    let quad = group.y * {{ tile.block() }}u + local.y * {{ tile.quads }}u;
    {%- for p in 0..tile.pixels %}
    // A pixel beyond the last is computed like it and not stored.
    let corner{{ p }} = corner(min(first + {{ p * tile.across }}u, pixels - 1u), layer);
    {%- for q in 0..tile.quads %}
    var sum{{ q }}_{{ p }} = vec4<f32>();
    {%- endfor %}
    {%- endfor %}
    let end = (local.z + 1u) * steps / SPLIT;
    var step = local.z * steps / SPLIT;
    var w = layers[layer].begin.z + (group.y * steps + step) * (STEP * WEIGHTS) + local.y * {{ tile.quads * 4 }}u;
    while (step < end) {
        let tap = step / place_steps;
        let offset = vec2<i32>(i32(tap) / window.y, i32(tap) % window.y);
        let start = layers[layer].image.z + (step - tap * place_steps) * (STEP * plane);
        {%- for p in 0..tile.pixels %}
        let at{{ p }} = corner{{ p }} + offset;
        {%- if bounded %}
        // As unsigned numbers, those above or left of the image are too large as well.
        let inside{{ p }} = all(vec2<u32>(at{{ p }}) < vec2<u32>(image_size));
        var from{{ p }} = start + select(0u, u32(at{{ p }}.x * image_size.y + at{{ p }}.y), inside{{ p }});
        {%- else %}
        var from{{ p }} = start + u32(at{{ p }}.x * image_size.y + at{{ p }}.y);
        {%- endif %}
        {%- endfor %}
        let stop = min(end, (tap + 1u) * place_steps);
        for (; step < stop; step++) {
            {%- for s in 0..tile.step %}
            {%- for p in 0..tile.pixels %}
            {%- if bounded %}
            let v{{ s }}_{{ p }} = select(vec4<f32>(), image[from{{ p }} + {{ s }}u * plane], inside{{ p }});
            {%- else %}
            let v{{ s }}_{{ p }} = image[from{{ p }} + {{ s }}u * plane];
            {%- endif %}
            {%- endfor %}
            {%- for q in 0..tile.quads %}
            {%- for lane in 0..4 %}
            let w{{ s }}_{{ q }}_{{ lane }} = vec4<f32>(weights[w + {{ s }}u * WEIGHTS + {{ q * 4 + lane }}u]);
            {%- endfor %}
            {%- endfor %}
            {%- endfor %}
            {%- for s in 0..tile.step %}
            {%- for q in 0..tile.quads %}
            let m{{ s }}_{{ q }} = mat4x4<f32>(w{{ s }}_{{ q }}_0, w{{ s }}_{{ q }}_1, w{{ s }}_{{ q }}_2, w{{ s }}_{{ q }}_3);
            {%- for p in 0..tile.pixels %}
            sum{{ q }}_{{ p }} += m{{ s }}_{{ q }} * v{{ s }}_{{ p }};
            {%- endfor %}
            {%- endfor %}
            {%- endfor %}
            {%- for p in 0..tile.pixels %}
            from{{ p }} += STEP * plane;
            {%- endfor %}
            w += STEP * WEIGHTS;
        }
    }
    {%- if tile.split > 1 %}
    let thread = local.y * ACROSS + local.x;
    {%- for span in spans %}
    if (local.z >= {{ span }}u && local.z < {{ span * 2 }}u) {
        {%- for p in 0..tile.pixels %}
        {%- for q in 0..tile.quads %}
        sums[((local.z - {{ span }}u) * {{ tile.results() }}u + {{ p * tile.quads + q }}u) * THREADS + thread] = sum{{ q }}_{{ p }};
        {%- endfor %}
        {%- endfor %}
    }
    workgroupBarrier();
    if (local.z < {{ span }}u) {
        {%- for p in 0..tile.pixels %}
        {%- for q in 0..tile.quads %}
        sum{{ q }}_{{ p }} += sums[(local.z * {{ tile.results() }}u + {{ p * tile.quads + q }}u) * THREADS + thread];
        {%- endfor %}
        {%- endfor %}
    }
    workgroupBarrier();
    {%- endfor %}
    if (local.z > 0u) { return; }
    {%- endif %}
    {%- for p in 0..tile.pixels %}
    if (first + {{ p * tile.across }}u < pixels) {
        {%- for q in 0..tile.quads %}
        if (quad + {{ q }}u < layers[layer].output.z) { store(sum{{ q }}_{{ p }}, quad + {{ q }}u, first + {{ p * tile.across }}u, layer); }
        {%- endfor %}
    }
    {%- endfor %}
}
