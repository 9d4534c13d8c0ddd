{{/* The environment: where things are. Secrets are files below /etc/authority, by NAME_FILE, never variables. */}}

{{- define "authority.variable" -}}
- name: {{ index . 0 }}
  value: {{ index . 1 | quote }}
{{ end }}

{{- define "authority.environment" -}}
{{- $root := .root -}}
{{- $host := $root.Values.listenHost -}}
{{- $values := $root.Values -}}
{{ include "authority.variable" (list "AUTHORITY_ISSUER" $values.issuer) }}
{{- include "authority.variable" (list "AUTHORITY_LOG_LEVEL" $values.logLevel) }}
{{- include "authority.variable" (list "AUTHORITY_METRICS_LISTEN" (printf "%s:9464" $host)) }}
{{- if include "authority.servesRpc" . }}
{{- include "authority.variable" (list "AUTHORITY_RPC_LISTEN" (printf "%s:9000" $host)) }}
{{- end }}
{{- include "authority.variable" (list "AUTHORITY_RPC_CERT_FILE" "/etc/authority/rpc/tls.crt") }}
{{- include "authority.variable" (list "AUTHORITY_RPC_KEY_FILE" "/etc/authority/rpc/tls.key") }}
{{- include "authority.variable" (list "AUTHORITY_RPC_CA_FILE" "/etc/authority/rpc/ca.crt") }}
{{- range include "authority.callees" . | fromJsonArray }}
{{- include "authority.variable" (list (printf "AUTHORITY_%s_ADDRESS" (upper .)) (printf "%s-%s:9000" (include "authority.fullname" $root) .)) }}
{{- end }}
{{- if include "authority.hasDatabase" . }}
{{- include "authority.variable" (list "AUTHORITY_DATABASE_URL_FILE" "/etc/authority/database-url") }}
{{- end }}
{{- if include "authority.hasSystemSecret" . }}
{{- include "authority.variable" (list "AUTHORITY_SECRETS_FILE" "/etc/authority/secrets") }}
{{- end }}
{{- if include "authority.hasRedis" . }}
{{- include "authority.variable" (list "AUTHORITY_REDIS_URL_FILE" "/etc/authority/redis-url") }}
{{- end }}
{{- if include "authority.asksOutbound" . }}
{{- with $root.Values.outbound.proxy }}
{{- include "authority.variable" (list "AUTHORITY_EGRESS_PROXY" .) }}
{{- end }}
{{- with $root.Values.outbound.allow }}
{{- include "authority.variable" (list "AUTHORITY_OUTBOUND_ALLOW" (join "," .)) }}
{{- end }}
{{- end }}
{{- include (printf "authority.environment.%s" .service) $root }}
{{- if $values.trust.configMap }}
{{- include "authority.variable" (list "NODE_EXTRA_CA_CERTS" "/etc/authority/trust/ca.crt") }}
{{- end }}
{{- with $values.telemetry.otlpEndpoint }}
{{- include "authority.variable" (list "OTEL_EXPORTER_OTLP_ENDPOINT" .) }}
{{- end }}
{{- range $name, $value := $values.telemetry.otel }}
{{- include "authority.variable" (list $name $value) }}
{{- end }}
{{- range $name, $value := (index $values .service).env }}
{{- include "authority.variable" (list $name $value) }}
{{- end }}
{{- end }}

{{- define "authority.environment.gateway" -}}
{{- $gateway := .Values.gateway -}}
{{ include "authority.variable" (list "AUTHORITY_HTTP_LISTEN" (printf "%s:8080" .Values.listenHost)) }}
{{- with $gateway.trustedProxies }}
{{- include "authority.variable" (list "AUTHORITY_TRUSTED_PROXIES" (join "," .)) }}
{{- end }}
{{- with $gateway.uiUrl }}
{{- include "authority.variable" (list "AUTHORITY_UI_URL" .) }}
{{- end }}
{{- if $gateway.tls.existingSecret }}
{{- include "authority.variable" (list "AUTHORITY_TLS_CERT_FILE" "/etc/authority/edge/tls.crt") }}
{{- include "authority.variable" (list "AUTHORITY_TLS_KEY_FILE" "/etc/authority/edge/tls.key") }}
{{- if $gateway.tls.clientCertificates }}
{{- include "authority.variable" (list "AUTHORITY_TLS_CLIENT_CERTIFICATES" "true") }}
{{- end }}
{{- end }}
{{- if $gateway.tls.clientCaKey }}
{{- include "authority.variable" (list "AUTHORITY_TLS_CLIENT_CA_FILE" "/etc/authority/edge/client-ca.crt") }}
{{- end }}
{{- with .Values.mtlsOrigin }}
{{- include "authority.variable" (list "AUTHORITY_MTLS_ORIGIN" .) }}
{{- end }}
{{- with $gateway.clientCertificateHeader }}
{{- include "authority.variable" (list "AUTHORITY_CLIENT_CERTIFICATE_HEADER" .) }}
{{- end }}
{{- end }}

{{- define "authority.environment.token" -}}
{{ include "authority.variable" (list "AUTHORITY_REGISTRATION" .Values.token.registration) }}
{{- with .Values.mtlsOrigin }}
{{- include "authority.variable" (list "AUTHORITY_MTLS_ORIGIN" .) }}
{{- end }}
{{- end }}

{{- define "authority.environment.session" -}}
{{- end }}

{{- define "authority.environment.identity" -}}
{{- if include "authority.sendsMail" (dict "root" . "service" "identity") }}
{{- include "authority.variable" (list "AUTHORITY_MAIL_URL_FILE" "/etc/authority/mail-url") }}
{{- else }}
{{- include "authority.variable" (list "AUTHORITY_DATA_DIR" "/tmp/authority") }}
{{- end }}
{{- end }}

{{- define "authority.environment.admin" -}}
{{ include "authority.variable" (list "AUTHORITY_ADMIN_LISTEN" (printf "%s:9090" .Values.listenHost)) }}
{{- include "authority.variable" (list "AUTHORITY_ADMIN_CERT_FILE" "/etc/authority/admin/tls.crt") }}
{{- include "authority.variable" (list "AUTHORITY_ADMIN_KEY_FILE" "/etc/authority/admin/tls.key") }}
{{- include "authority.variable" (list "AUTHORITY_ADMIN_CLIENT_CA_FILE" "/etc/authority/admin/ca.crt") }}
{{- end }}

{{/* A migration reads what its service reads, and what no service ever sees: the owner's URL and the first operator's secret. */}}
{{- define "authority.migrationEnvironment" -}}
{{ include "authority.environment" . }}
{{- include "authority.variable" (list "AUTHORITY_MIGRATION_DATABASE_URL_FILE" "/etc/authority/migration-database-url") }}
{{- if eq .service "token" }}
{{- include "authority.variable" (list "AUTHORITY_OPERATOR_SECRET_FILE" "/etc/authority/operator-secret") }}
{{- end }}
{{- end }}
