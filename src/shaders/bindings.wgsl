{%- for (group, number, buffer) in bindings.numbered() %}
@group({{ group }}) @binding({{ number }}) var<{{ buffer.access }}> {{ buffer.name }}: {{ buffer.element }};
{%- endfor %}
