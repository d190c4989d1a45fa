// Convolution in registers: an invocation computes {{ block }} quads of output channels of {{ pixels }} neighbouring pixels.
{%- if common.half %}
enable f16;
{%- endif %}
{%- if shared %}
enable subgroups;
{%- endif %}
{% include "bindings.wgsl" %}
{% include "conv_common.wgsl" %}

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    {%- if shared %}
    @builtin(subgroup_invocation_id) lane: u32,
    {%- endif %}
) {
    {% include "touch.wgsl" %}
    let first = id.x * {{ pixels }}u;
    let quad = group.y * {{ block }}u;
    {%- for p in 0..pixels %}
    // A pixel beyond the last is computed like it and not stored.
    let pixel{{ p }} = min(first + {{ p }}u, OUTPUT_PIXELS - 1u);
    let corner{{ p }} = corner(pixel{{ p }});
    {%- for q in 0..block %}
    var sum{{ q }}_{{ p }} = vec4<f32>();
    {%- endfor %}
    {%- endfor %}
    for (var y = 0; y < KERNEL.x; y++) {
        for (var x = 0; x < KERNEL.y; x++) {
            let tap = (group.y * TAPS + u32(y * KERNEL.y + x)) * {{ common.depth * block * 4 }}u;
            {%- for p in 0..pixels %}
            let at{{ p }} = corner{{ p }} + vec2<i32>(y, x);
            {%- if common.bounded %}
            let inside{{ p }} = is_inside(at{{ p }});
            let from{{ p }} = select(0u, u32(at{{ p }}.x * WIDTH + at{{ p }}.y), inside{{ p }});
            {%- else %}
            let from{{ p }} = u32(at{{ p }}.x * WIDTH + at{{ p }}.y);
            {%- endif %}
            {%- endfor %}
            for (var c = 0u; c < DEPTH; c++) {
                let plane = c * PLANE;
                let w = tap + c * {{ block * 4 }}u;
                {%- for p in 0..pixels %}
                {%- if common.bounded %}
                let v{{ p }} = select(vec4<f32>(), image[plane + from{{ p }}], inside{{ p }});
                {%- else %}
                let v{{ p }} = image[plane + from{{ p }}];
                {%- endif %}
                {%- endfor %}
                {%- for q in 0..block %}
                {%- if shared %}
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
                {%- for p in 0..pixels %}
                sum{{ q }}_{{ p }} += m{{ q }} * v{{ p }};
                {%- endfor %}
                {%- endfor %}
            }
        }
    }
    {%- for p in 0..pixels %}
    if (first + {{ p }}u < OUTPUT_PIXELS) {
        {%- for q in 0..block %}
        result[(quad + {{ q }}u) * OUTPUT_PIXELS + pixel{{ p }}] = finished(sum{{ q }}_{{ p }}, quad + {{ q }}u);
        {%- endfor %}
    }
    {%- endfor %}
}
