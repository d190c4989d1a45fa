{%- for buffer in bindings.all %}
@group({{ buffer.group }}) @binding({{ buffer.number }}) var<{{ buffer.access }}> {{ buffer.name }}: {{ buffer.element }};
{%- endfor %}
