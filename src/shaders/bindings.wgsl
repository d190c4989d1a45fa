{%- for buffer in bindings.all %}
@group({{ buffer.group }}) @binding({{ buffer.number }}) var<storage, {{ buffer.access }}> {{ buffer.name }}: array<{{ buffer.element }}>;
{%- endfor %}
