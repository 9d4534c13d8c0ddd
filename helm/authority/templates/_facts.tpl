{{/* What the services are: which stores each has (house.md, "Who owns what"). */}}

{{- define "authority.hasDatabase" -}}
{{- if has .service (list "token" "session" "identity" "admin") }}yes{{ end -}}
{{- end }}

{{/* Who keeps keys at rest, wrapped under a system secret of its own: a JSON list. */}}
{{- define "authority.keyOwners" -}}
["token", "identity"]
{{- end }}

{{- define "authority.hasSystemSecret" -}}
{{- if has .service (include "authority.keyOwners" .root | fromJsonArray) }}yes{{ end -}}
{{- end }}

{{- define "authority.hasRedis" -}}
{{- if has .service (list "token" "session" "identity") -}}
{{- if or .root.Values.redis.url .root.Values.redis.existingSecret }}yes{{ end -}}
{{- end -}}
{{- end }}

{{- define "authority.servesRpc" -}}
{{- if index .root.Values.topology .service }}yes{{ end -}}
{{- end }}

{{- define "authority.asksOutbound" -}}
{{- if has .service (list "token" "identity") }}yes{{ end -}}
{{- end }}

{{- define "authority.sendsMail" -}}
{{- if and (eq .service "identity") (or .root.Values.mail.url .root.Values.mail.existingSecret) }}yes{{ end -}}
{{- end }}

{{/* Names of the secrets, the operator's or the chart's own. */}}

{{- define "authority.databaseSecret" -}}
{{- default (printf "%s-database" (include "authority.fullname" .)) .Values.database.existingSecret -}}
{{- end }}

{{- define "authority.redisSecret" -}}
{{- default (printf "%s-redis" (include "authority.fullname" .)) .Values.redis.existingSecret -}}
{{- end }}

{{- define "authority.mailSecret" -}}
{{- default (printf "%s-mail" (include "authority.fullname" .)) .Values.mail.existingSecret -}}
{{- end }}

{{- define "authority.operatorSecret" -}}
{{- default (printf "%s-operator" (include "authority.fullname" .)) .Values.operator.existingSecret -}}
{{- end }}

{{- define "authority.systemSecret" -}}
{{- default (printf "%s-%s-system" (include "authority.fullname" .root) .service) (index .root.Values.systemSecrets.existing .service) -}}
{{- end }}

{{- define "authority.certificateSecret" -}}
{{- $full := include "authority.fullname" .root -}}
{{- if eq .root.Values.certificates.mode "existing" -}}
{{- required (printf "certificates.existing.%s: name the secret (certificates.mode is existing)" .service) (index .root.Values.certificates.existing .service) -}}
{{- else if eq .service "adminListener" -}}
{{ $full }}-admin-listener
{{- else -}}
{{ $full }}-{{ .service }}-rpc
{{- end -}}
{{- end }}
