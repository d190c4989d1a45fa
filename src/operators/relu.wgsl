// Negative values become 0.
{% include "bindings.wgsl" %}
@compute @workgroup_size({{ grid.threads }})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * {{ grid.row() }}u + id.x;
    if (i >= {{ grid.count }}u) { return; }
    result[{{ to }}u + i] = max(image[{{ from }}u + i], vec4<f32>());
}
