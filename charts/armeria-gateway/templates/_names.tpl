{{- define "armeria-gateway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- define "armeria-gateway.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "armeria-gateway.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- define "armeria-gateway.selector" -}}
app.kubernetes.io/name: {{ include "armeria-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
{{- define "armeria-gateway.labels" -}}
{{ include "armeria-gateway.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}
{{/* The container, the same for an edge deployment and for a sidecar; only resources and JVM options differ. */}}
{{- define "armeria-gateway.container" -}}
{{- $top := .top -}}
- name: armeria-gateway
  image: "{{ $top.Values.image.repository }}:{{ $top.Values.image.tag | default $top.Chart.AppVersion }}"
  imagePullPolicy: {{ $top.Values.image.pullPolicy }}
  args: ["--settings", "/etc/sluice/settings.yaml", "--node-id", "$(POD_NAME)"]
  env:
    - name: POD_NAME
      valueFrom:
        fieldRef: {fieldPath: metadata.name}
    - name: JAVA_TOOL_OPTIONS
      value: {{ .javaOpts | quote }}
    {{- if index $top.Values.settings "limiter-port" }}
    - name: SLUICE_LIMITER_ADDRESS
      valueFrom:
        fieldRef: {fieldPath: status.podIP}
    {{- end }}
  ports:
    {{- range $top.Values.listeners }}
    - {name: {{ .name }}, containerPort: {{ .port }}}
    {{- end }}
    - name: admin
      containerPort: {{ index $top.Values.settings "admin-port" }}
    {{- with index $top.Values.settings "rls-port" }}
    - {name: rls, containerPort: {{ . }}}
    {{- end }}
  startupProbe:
    httpGet: {path: /ready, port: admin}
    periodSeconds: 1
    failureThreshold: 60
  readinessProbe:
    httpGet: {path: /ready, port: admin}
    periodSeconds: 2
  livenessProbe:
    tcpSocket: {port: admin}
    periodSeconds: 10
  resources: {{- toYaml .resources | nindent 4 }}
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities:
      drop: [ALL]
  volumeMounts:
    - {name: sluice-settings, mountPath: /etc/sluice, readOnly: true}
    - {name: sluice-state, mountPath: /var/lib/sluice}
    - {name: sluice-tmp, mountPath: /tmp}
{{- end -}}
{{- define "armeria-gateway.volumes" -}}
- name: sluice-settings
  configMap:
    name: {{ include "armeria-gateway.fullname" . }}
- name: sluice-state
  emptyDir: {}
- name: sluice-tmp
  emptyDir: {}
{{- end -}}
