{{/* What every pod has, the migration's included: (dict root service). */}}
{{- define "authority.podBasics" -}}
{{- $pod := .root.Values.pod -}}
{{- $own := index .root.Values .service -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml $pod.securityContext | nindent 2 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with mergeOverwrite (dict) $pod.nodeSelector $own.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with default $pod.tolerations $own.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with default $pod.affinity $own.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- define "authority.spread" -}}
{{- $root := .root -}}
{{- $service := .service -}}
{{- with $root.Values.pod.spread }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: {{ $root.Values.pod.spread }}
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "authority.selector" (dict "root" $root "service" $service) | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Plain HTTP on the metrics listener: Kubernetes' gRPC probe speaks no TLS. Liveness asks no store. */}}
{{- define "authority.probes" -}}
startupProbe:
  httpGet: { path: /health/live, port: metrics }
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /health/live, port: metrics }
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /health/ready, port: metrics }
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}

{{- define "authority.ports" -}}
- name: metrics
  containerPort: 9464
{{- if include "authority.servesRpc" . }}
- name: grpc
  containerPort: 9000
{{- end }}
{{- if eq .service "gateway" }}
- name: http
  containerPort: 8080
{{- end }}
{{- if eq .service "admin" }}
- name: admin
  containerPort: 9090
{{- end }}
{{- end }}
