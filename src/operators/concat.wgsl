// Feature maps one behind the other; i is a pixel of a quad of output channels.
{% include "bindings.wgsl" %}
{%- if !aligned %}
const PIXELS: u32 = {{ pixels }};

fn value(channel: u32, pixel: u32) -> f32 {
    {%- for part in parts %}
    if (channel >= {{ part.start }}u && channel < {{ part.end }}u) {
        let own = channel - {{ part.start }}u;
        return {{ part.name }}[{{ part.from }}u + own / 4u * PIXELS + pixel][own % 4u];
    }
    {%- endfor %}
    return 0.0;
}
{%- endif %}

@compute @workgroup_size({{ grid.threads }})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * {{ grid.row() }}u + id.x;
    if (i >= {{ grid.count }}u) { return; }
    {%- if aligned %}
    {%- for part in parts %}
    if (i >= {{ part.start }}u && i < {{ part.end }}u) { result[{{ to }}u + i] = {{ part.name }}[{{ part.from }}u + (i - {{ part.start }}u)]; }
    {%- endfor %}
    {%- else %}
    let channel = i / PIXELS * 4u;
    let pixel = i % PIXELS;
    result[{{ to }}u + i] = vec4(
        value(channel, pixel), value(channel + 1u, pixel), value(channel + 2u, pixel), value(channel + 3u, pixel)
    );
    {%- endif %}
}
