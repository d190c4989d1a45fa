// A pool with a window; i is a pixel of a quad of output channels.
{% include "bindings.wgsl" %}
const HEIGHT: i32 = {{ pool.input[1] }};
const WIDTH: i32 = {{ pool.input[2] }};
const OUTPUT_WIDTH: u32 = {{ pool.output[1] }};
const OUTPUT_PIXELS: u32 = {{ pool.output[0] * pool.output[1] }};

@compute @workgroup_size({{ grid.threads }})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    {% include "touch.wgsl" %}
    let i = id.y * {{ grid.row() }}u + id.x;
    if (i >= {{ grid.count }}u) { return; }
    let pixel = i % OUTPUT_PIXELS;
    let plane = i / OUTPUT_PIXELS * u32(HEIGHT * WIDTH);
    let top = i32(pixel / OUTPUT_WIDTH) * {{ pool.strides[0] }} - {{ pool.pads[0] }};
    let left = i32(pixel % OUTPUT_WIDTH) * {{ pool.strides[1] }} - {{ pool.pads[1] }};
    {%- if pool.kind == Kind::Max %}
    var value = vec4<f32>(-3.4028234e38);
    {%- else %}
    var value = vec4<f32>();
    var count = 0.0;
    {%- endif %}
    for (var y = max(top, 0); y < min(top + {{ pool.kernel[0] }}, HEIGHT); y++) {
        for (var x = max(left, 0); x < min(left + {{ pool.kernel[1] }}, WIDTH); x++) {
            let here = image[plane + u32(y * WIDTH + x)];
            {%- if pool.kind == Kind::Max %}
            value = max(value, here);
            {%- else %}
            value += here;
            count += 1.0;
            {%- endif %}
        }
    }
    {%- match pool.kind %}
    {%- when Kind::Max %}
    result[i] = value;
    {%- when Kind::Average %}
    result[i] = value / count;
    {%- when Kind::AverageWithPads %}
    result[i] = value / f32({{ pool.kernel[0] * pool.kernel[1] }});
    {%- endmatch %}
}
