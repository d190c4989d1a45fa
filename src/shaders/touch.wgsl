{%- if bindings.repeated %}_ = repeated[0];{% endif -%}
