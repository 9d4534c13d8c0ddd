{{/* Names and labels. Wherever a template takes a service it takes (dict "root" $ "service" "token"). */}}

{{- define "authority.services" -}}
["gateway","token","session","identity","admin"]
{{- end }}

{{- define "authority.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- /* 40: the longest of what is put behind it has 19 characters, and a DNS label 63. */ -}}
{{- default $full .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "authority.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | quote }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
app.kubernetes.io/part-of: authority
{{ include "authority.selector" . }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "authority.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .service }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "authority.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "authority.labels" . | nindent 2 }}
{{- end }}

{{- define "authority.image" -}}
{{- $values := .root.Values -}}
{{- $own := (index $values .service).image -}}
{{- $repository := default (printf "%s%s" $values.image.prefix .service) $own.repository -}}
{{- if $own.digest -}}
{{ $repository }}@{{ $own.digest }}
{{- else -}}
{{ $repository }}:{{ default (default .root.Chart.AppVersion $values.image.tag) $own.tag }}
{{- end -}}
{{- end }}
