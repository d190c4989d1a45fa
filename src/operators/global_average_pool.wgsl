// The mean of every channel; i is a quad of channels.
{% include "bindings.wgsl" %}
const PIXELS: u32 = {{ pixels }};

@compute @workgroup_size({{ grid.threads }})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * {{ grid.row() }}u + id.x;
    if (i >= {{ grid.count }}u) { return; }
    var sum = vec4<f32>();
    for (var pixel = 0u; pixel < PIXELS; pixel++) {
        sum += image[{{ from }}u + i * PIXELS + pixel];
    }
    result[{{ to }}u + i] = sum / f32(PIXELS);
}
