// A dense layer: a workgroup for every quad of outputs, whose invocations share the sum.
{% include "bindings.wgsl" %}
const DEPTH: u32 = {{ depth }};
const THREADS: u32 = {{ workgroup }};

var<workgroup> sums: array<vec4<f32>, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) index: u32, @builtin(workgroup_id) group: vec3<u32>) {
    var sum = vec4<f32>();
    for (var c = index; c < DEPTH; c += THREADS) {
        let w = (group.x * DEPTH + c) * 4u;
        sum += mat4x4<f32>(weights[w], weights[w + 1u], weights[w + 2u], weights[w + 3u]) * image[{{ from }}u + c];
    }
    sums[index] = sum;
    for (var span = THREADS / 2u; span > 0u; span /= 2u) {
        workgroupBarrier();
        if (index < span) { sums[index] += sums[index + span]; }
    }
    if (index == 0u) { result[{{ to }}u + group.x] = sums[0] + bias[group.x]; }
}
