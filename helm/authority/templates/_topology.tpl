{{/* Who calls whom, out of the one table of the values. JSON lists, for fromJsonArray. */}}

{{- define "authority.callers" -}}
{{- $callers := list -}}
{{- range $rpc, $who := index .root.Values.topology .service -}}
{{- $callers = concat $callers $who -}}
{{- end -}}
{{- $callers | uniq | sortAlpha | toJson -}}
{{- end }}

{{- define "authority.callees" -}}
{{- $root := .root -}}
{{- $service := .service -}}
{{- $callees := list -}}
{{- range $callee := include "authority.services" $root | fromJsonArray -}}
{{- $callers := include "authority.callers" (dict "root" $root "service" $callee) | fromJsonArray -}}
{{- if has $service $callers -}}
{{- $callees = append $callees $callee -}}
{{- end -}}
{{- end -}}
{{- $callees | toJson -}}
{{- end }}
