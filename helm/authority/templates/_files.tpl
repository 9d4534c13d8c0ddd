{{/* The files below /etc/authority: sources of one projected volume, each secret's keys named one by one. */}}

{{- define "authority.source" -}}
- secret:
    name: {{ .name }}
    items:
      {{- range $key, $path := .items }}
      - key: {{ $key }}
        path: {{ $path }}
      {{- end }}
{{ end }}

{{- define "authority.sources" -}}
{{- $root := .root -}}
{{- if include "authority.hasDatabase" . }}
{{- include "authority.source" (dict "name" (include "authority.databaseSecret" $root) "items" (dict (index $root.Values.database.keys .service) "database-url")) }}
{{- end }}
{{- if include "authority.hasSystemSecret" . }}
{{- include "authority.source" (dict "name" (include "authority.systemSecret" .) "items" (dict "secrets" "secrets")) }}
{{- end }}
{{- with $root.Values.trust.configMap }}
- configMap:
    name: {{ . }}
    items:
      - key: {{ $root.Values.trust.key }}
        path: trust/ca.crt
{{ end }}
{{- include "authority.source" (dict "name" (include "authority.certificateSecret" .) "items" (dict "tls.crt" "rpc/tls.crt" "tls.key" "rpc/tls.key" "ca.crt" "rpc/ca.crt")) }}
{{- if include "authority.hasRedis" . }}
{{- include "authority.source" (dict "name" (include "authority.redisSecret" $root) "items" (dict (index $root.Values.redis.keys .service) "redis-url")) }}
{{- end }}
{{- if include "authority.sendsMail" . }}
{{- include "authority.source" (dict "name" (include "authority.mailSecret" $root) "items" (dict $root.Values.mail.key "mail-url")) }}
{{- end }}
{{- if eq .service "admin" }}
{{- include "authority.source" (dict "name" (include "authority.certificateSecret" (dict "root" $root "service" "adminListener")) "items" (dict "tls.crt" "admin/tls.crt" "tls.key" "admin/tls.key" "ca.crt" "admin/ca.crt")) }}
{{- end }}
{{- if eq .service "gateway" }}
{{- with $root.Values.gateway.tls }}
{{- if .existingSecret }}
{{- include "authority.source" (dict "name" .existingSecret "items" (dict "tls.crt" "edge/tls.crt" "tls.key" "edge/tls.key")) }}
{{- end }}
{{- if .clientCaKey }}
{{- include "authority.source" (dict "name" (default .existingSecret .clientCaSecret) "items" (dict .clientCaKey "edge/client-ca.crt")) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "authority.migrationSources" -}}
{{ include "authority.sources" . }}
{{- include "authority.source" (dict "name" (include "authority.databaseSecret" .root) "items" (dict .root.Values.database.keys.migration "migration-database-url")) }}
{{- if eq .service "token" }}
{{- include "authority.source" (dict "name" (include "authority.operatorSecret" .root) "items" (dict "client_secret" "operator-secret")) }}
{{- end }}
{{- end }}

{{/*
What makes a pod start anew: its environment, where its files come from, and what the chart itself puts into them.
Secrets of yours are not seen: restart the deployments when you change one.
*/}}
{{- define "authority.checksum" -}}
{{- $values := .root.Values -}}
{{- $made := list $values.database.urls $values.redis.url $values.mail.url $values.systemSecrets.rotation $values.admin.hosts -}}
{{- $made = append $made (include "authority.certificates.issued" .root) -}}
{{- printf "%s\n%s\n%s" (include "authority.environment" .) (include "authority.sources" .) (toJson $made) | sha256sum -}}
{{- end }}
