// The part of ksonnet-lib that prototypes of benchmarks and their operators use: lists, containers, deployments,
// services and roles. ks generated a far larger one from a cluster's API: put that one into the application's lib/ when a
// prototype needs more. Functions called with... return what they were called on as well, so that calls can be chained.
local array(value) = if std.isArray(value) then value else [value];

local metadata = {
  mixinInstance(given):: { metadata+: given },
  withName(name):: self + { metadata+: { name: name } },
  withNamespace(namespace):: self + { metadata+: { namespace: namespace } },
  withLabels(labels):: self + { metadata+: { labels: labels } },
  withLabelsMixin(labels):: self + { metadata+: { labels+: labels } },
  withAnnotations(annotations):: self + { metadata+: { annotations: annotations } },
  withAnnotationsMixin(annotations):: self + { metadata+: { annotations+: annotations } },
};

// An object of a kind: its fields besides the functions, and what can be added to its metadata.
local kind(apiVersion, name) = {
  local fields = { apiVersion: apiVersion, kind: name },
  new(name=null):: self + fields + if name == null then {} else { metadata+: { name: name } },
  mixin:: { metadata:: metadata },
};

local container = {
  new(name, image):: self + { name: name, image: image },
  withName(name):: self + { name: name },
  withImage(image):: self + { image: image },
  withImagePullPolicy(policy):: self + { imagePullPolicy: policy },
  withCommand(command):: self + { command: array(command) },
  withArgs(args):: self + { args: array(args) },
  withArgsMixin(args):: self + { args+: array(args) },
  withEnv(env):: self + { env: array(env) },
  withEnvMixin(env):: self + { env+: array(env) },
  withPorts(ports):: self + { ports: array(ports) },
  withPortsMixin(ports):: self + { ports+: array(ports) },
  withVolumeMounts(mounts):: self + { volumeMounts: array(mounts) },
  withVolumeMountsMixin(mounts):: self + { volumeMounts+: array(mounts) },
  withWorkingDir(folder):: self + { workingDir: folder },
  envType:: {
    new(name, value):: self + { name: name, value: value },
  },
  portsType:: {
    new(port):: self + { containerPort: port },
    newNamed(name, port):: self + { name: name, containerPort: port },
  },
  volumeMountsType:: {
    new(name, mountPath, readOnly=false):: self + { name: name, mountPath: mountPath, readOnly: readOnly },
  },
  mixin:: {
    resources:: {
      withLimits(limits):: self + { resources+: { limits: limits } },
      withLimitsMixin(limits):: self + { resources+: { limits+: limits } },
      withRequests(requests):: self + { resources+: { requests: requests } },
      withRequestsMixin(requests):: self + { resources+: { requests+: requests } },
    },
  },
};

local pod(fields) = { spec+: { template+: { spec+: fields } } };

local deployment(apiVersion) = kind(apiVersion, 'Deployment') {
  new(name, replicas, containers, podLabels={}):: self + {
    apiVersion: apiVersion,
    kind: 'Deployment',
    metadata+: { name: name },
    spec+: {
      replicas: replicas,
      template+: { metadata+: { labels: podLabels }, spec+: { containers: array(containers) } },
    },
  },
  mapContainers(change):: {
    spec+: { template+: { spec+: { containers: std.map(change, super.containers) } } },
  },
  mixin+:: {
    spec:: {
      withReplicas(replicas):: self + { spec+: { replicas: replicas } },
      template:: {
        spec:: {
          containersType:: container,
          withContainers(containers):: self + pod({ containers: array(containers) }),
          withContainersMixin(containers):: self + pod({ containers+: array(containers) }),
          withServiceAccountName(name):: self + pod({ serviceAccountName: name }),
          withVolumes(volumes):: self + pod({ volumes: array(volumes) }),
          withVolumesMixin(volumes):: self + pod({ volumes+: array(volumes) }),
        },
      },
    },
  },
};

local rule = {
  new():: self,
  withApiGroups(groups):: self + { apiGroups: array(groups) },
  withApiGroupsMixin(groups):: self + { apiGroups+: array(groups) },
  withResources(resources):: self + { resources: array(resources) },
  withResourcesMixin(resources):: self + { resources+: array(resources) },
  withVerbs(verbs):: self + { verbs: array(verbs) },
  withVerbsMixin(verbs):: self + { verbs+: array(verbs) },
};

local role(apiVersion, name) = kind(apiVersion, name) {
  withRules(rules):: self + { rules: array(rules) },
  withRulesMixin(rules):: self + { rules+: array(rules) },
  rulesType:: rule,
};

local binding(apiVersion, name) = kind(apiVersion, name) {
  withSubjects(subjects):: self + { subjects: array(subjects) },
  withSubjectsMixin(subjects):: self + { subjects+: array(subjects) },
  mixin+:: {
    roleRef:: {
      withApiGroup(group):: self + { roleRef+: { apiGroup: group } },
      withKind(kind):: self + { roleRef+: { kind: kind } },
      withName(name):: self + { roleRef+: { name: name } },
    },
  },
};

local rbac(version) = {
  local apiVersion = 'rbac.authorization.k8s.io/' + version,
  role:: role(apiVersion, 'Role'),
  clusterRole:: role(apiVersion, 'ClusterRole'),
  roleBinding:: binding(apiVersion, 'RoleBinding'),
  clusterRoleBinding:: binding(apiVersion, 'ClusterRoleBinding'),
};

{
  apps:: {
    v1:: { deployment:: deployment('apps/v1') },
    v1beta1:: { deployment:: deployment('apps/v1beta1') },
    v1beta2:: { deployment:: deployment('apps/v1beta2') },
  },
  core:: {
    v1:: {
      container:: container,
      configMap:: kind('v1', 'ConfigMap') {
        new(name, data={}):: self + { apiVersion: 'v1', kind: 'ConfigMap', metadata+: { name: name }, data: data },
      },
      list:: {
        new(items):: { apiVersion: 'v1', kind: 'List', items: array(items) },
      },
      namespace:: kind('v1', 'Namespace'),
      service:: kind('v1', 'Service') {
        new(name, selector, ports):: self + {
          apiVersion: 'v1',
          kind: 'Service',
          metadata+: { name: name },
          spec+: { selector: selector, ports: array(ports) },
        },
        withType(type):: self + { spec+: { type: type } },
        mixin+:: {
          spec:: {
            withType(type):: self + { spec+: { type: type } },
            portsType:: {
              new(port, targetPort):: self + { port: port, targetPort: targetPort },
              newNamed(name, port, targetPort):: self + { name: name, port: port, targetPort: targetPort },
            },
          },
        },
      },
      serviceAccount:: kind('v1', 'ServiceAccount'),
    },
  },
  extensions:: {
    v1beta1:: { deployment:: deployment('extensions/v1beta1') },
  },
  rbac:: {
    v1:: rbac('v1'),
    v1beta1:: rbac('v1beta1'),
  },
}
