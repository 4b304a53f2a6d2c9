{{- /* The release's name, with the chart's in it; leaves room for our suffixes within 63 characters. */}}
{{- define "pointsman.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "pointsman.operator" -}}
{{ include "pointsman.fullname" . }}-operator
{{- end }}

{{- /* Cluster-scoped names carry the namespace, so that two releases of one name don't meet. */}}
{{- define "pointsman.clusterScoped" -}}
{{ include "pointsman.fullname" . }}-{{ .Release.Namespace }}
{{- end }}

{{- define "pointsman.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "pointsman.labels" -}}
{{ include "pointsman.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* One of our images: include "pointsman.image" (list . "router") or (list . "xgboost" "-xgb3.2.0"). */}}
{{- define "pointsman.image" -}}
{{- $root := index . 0 }}
{{- $suffix := "" }}
{{- if gt (len .) 2 }}{{ $suffix = index . 2 }}{{ end }}
{{- with $root.Values.image.registry }}{{ . }}/{{ end -}}
pointsman/{{ index . 1 }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}{{ $suffix }}
{{- end }}

{{- /* What `restricted` asks of a container. */}}
{{- define "pointsman.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "pointsman.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- /* What the operator does in a namespace that it serves. */}}
{{- define "pointsman.rules" -}}
- apiGroups: [pointsman.dev]
  resources: [endpoints, endpointconfigs]
  verbs: [get, list, watch]
- apiGroups: [pointsman.dev]
  resources: [endpoints/status]
  verbs: [patch, update]
# The objects of an endpoint, corrected when somebody changes them.
- apiGroups: [""]
  resources: [configmaps, serviceaccounts, services]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [apps]
  resources: [controllerrevisions, deployments]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [apps]
  resources: [deployments/scale]
  verbs: [get, patch, update]
# The right of an endpoint's routers to read its route table. What is granted there, the operator must hold itself:
# configmaps above, and endpointslices. So it needs neither `escalate` nor `bind`.
- apiGroups: [rbac.authorization.k8s.io]
  resources: [rolebindings, roles]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
# What the status tells of.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [events]
  verbs: [create, get, patch]
{{- end }}
