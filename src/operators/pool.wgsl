// A pool with a window; i is a pixel of a quad of output channels. What differs between layers is read from `pool`: height and
// width of the image, width and pixels of the output; height and width of the window, steps down and right; zeros above and
// left, where image and result begin; how many i there are, whether there is a bias, whether negative values become 0, and
// invocations of a row of workgroups.
{% include "bindings.wgsl" %}
@compute @workgroup_size({{ threads }})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = i32(id.y) * pool[3].w + i32(id.x);
    if (i >= pool[3].x) { return; }
    let size = pool[0].xy;
    let channel = i / pool[0].w;
    let pixel = i % pool[0].w;
    let plane = pool[2].z + channel * size.x * size.y;
    let corner = vec2<i32>(pixel / pool[0].z, pixel % pool[0].z) * pool[1].zw - pool[2].xy;
    let end = min(corner + pool[1].xy, size);
    {%- if kind == PoolKind::Max %}
    var value = vec4<f32>(-3.4028234e38);
    {%- else %}
    var value = vec4<f32>();
    var count = 0.0;
    {%- endif %}
    for (var y = max(corner.x, 0); y < end.x; y++) {
        for (var x = max(corner.y, 0); x < end.y; x++) {
            let here = image[u32(plane + y * size.y + x)];
            {%- if kind == PoolKind::Max %}
            value = max(value, here);
            {%- else %}
            value += here;
            count += 1.0;
            {%- endif %}
        }
    }
    {%- match kind %}
    {%- when PoolKind::Max %}
    {%- when PoolKind::Average %}
    value /= count;
    {%- when PoolKind::AverageWithPads %}
    value /= f32(pool[1].x * pool[1].y);
    {%- endmatch %}
    if (pool[3].y != 0) { value += bias[u32(channel)]; }
    if (pool[3].z != 0) { value = max(value, vec4<f32>()); }
    result[u32(pool[2].w + i)] = value;
}
