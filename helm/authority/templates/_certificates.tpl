{{/*
Certificates that the chart makes are kept over upgrades by `lookup`. Whether they are made anew is decided here, from
the authority's annotations alone, so that the secrets and the pods' checksums agree: `issued` is the day of the
certificates in force after this upgrade.
*/}}

{{- define "authority.certificates.authority" -}}
{{ include "authority.fullname" . }}-rpc-ca
{{- end }}

{{- define "authority.certificates.kept" -}}
{{- $authority := lookup "v1" "Secret" .Release.Namespace (include "authority.certificates.authority" .) -}}
{{- if $authority -}}
{{- $due := index (default dict $authority.metadata.annotations) "authority/renew-after" -}}
{{- if lt (now | date "2006-01-02") (default "" $due) -}}
{{ index $authority.metadata.annotations "authority/issued" }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "authority.certificates.issued" -}}
{{- if eq .Values.certificates.mode "chart" -}}
{{- default (now | date "2006-01-02") (include "authority.certificates.kept" .) -}}
{{- end -}}
{{- end }}

{{- define "authority.certificates.annotations" -}}
authority/issued: {{ include "authority.certificates.issued" . | quote }}
{{- /* Two thirds of the life: 16 hours of each day. */}}
{{- $issued := toDate "2006-01-02" (include "authority.certificates.issued" .) }}
authority/renew-after: {{ $issued | date_modify (printf "%dh" (mul 16 (int .Values.certificates.days))) | date "2006-01-02" | quote }}
{{- end }}

{{/* The names in a service's certificate: callers ask for the first; the others are for people with openssl. */}}
{{- define "authority.certificates.names" -}}
{{- $full := include "authority.fullname" .root -}}
{{- $host := printf "%s-%s" $full .service -}}
{{- $namespace := .root.Release.Namespace -}}
{{- $names := list (printf "%s.authority.internal" .service) $host (printf "%s.%s" $host $namespace) (printf "%s.%s.svc" $host $namespace) -}}
{{- append $names (printf "%s.%s.svc.cluster.local" $host $namespace) | toJson -}}
{{- end }}

{{- define "authority.certificates.adminNames" -}}
{{- $host := printf "%s-admin" (include "authority.fullname" .) -}}
{{- $names := list "localhost" $host (printf "%s.%s" $host .Release.Namespace) (printf "%s.%s.svc" $host .Release.Namespace) -}}
{{- concat $names (list (printf "%s.%s.svc.cluster.local" $host .Release.Namespace)) .Values.admin.hosts | uniq | toJson -}}
{{- end }}

{{/* (dict root name service data names): a TLS secret of the chart. */}}
{{- define "authority.certificates.secret" }}
---
apiVersion: v1
kind: Secret
metadata:
  {{- include "authority.metadata" (dict "root" .root "name" .name "service" .service) | nindent 2 }}
  annotations:
    {{- include "authority.certificates.annotations" .root | nindent 4 }}
    {{- with .names }}
    authority/names: {{ join "," . }}
    {{- end }}
type: kubernetes.io/tls
data:
  {{- range $key, $value := .data }}
  {{ $key }}: {{ $value }}
  {{- end }}
{{- end }}
