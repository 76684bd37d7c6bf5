import { environmentNames, namespaces, objectNames, ports } from '@kubehero/contract';
import {
  choiceSetting,
  hostPortSetting,
  hubSettings,
  logLevels,
  optionalSetting,
  pathSetting,
  textSetting,
  type SettingsOf,
} from '@kubehero/runtime';

/** Settings of `kubehero operator`: flags for people, the environment for manifests. */
export const operatorSettings = {
  ...hubSettings,
  kubeconfig: optionalSetting(
    pathSetting({
      flag: 'kubeconfig',
      reason: "file with access to the API; without it the pod's service account is used",
    }),
  ),
  context: optionalSetting(
    textSetting({ flag: 'context', reason: 'context of that file; default: its current one', unit: 'name' }),
  ),
  kubernetesHost: optionalSetting(
    textSetting({
      env: 'KUBERNETES_SERVICE_HOST',
      reason: 'address of the API, set by Kubernetes',
      unit: 'address',
    }),
  ),
  kubernetesPort: textSetting({
    env: 'KUBERNETES_SERVICE_PORT',
    reason: 'port of the API, set by Kubernetes',
    unit: 'port',
    pattern: /^\d{1,5}$/,
    fallback: '443',
  }),
  http: hostPortSetting({
    flag: 'http',
    env: environmentNames.httpListen,
    reason: 'address of health and metrics',
    fallback: { host: '0.0.0.0', port: ports.operatorHttp },
  }),
  podName: textSetting({
    env: environmentNames.podName,
    reason: 'name of this replica',
    unit: 'name',
    fallback: 'operator',
  }),
  podNamespace: textSetting({
    flag: 'namespace',
    env: environmentNames.podNamespace,
    reason: 'namespace of the Lease, never touched by a budget',
    unit: 'name',
    fallback: namespaces.system,
    pattern: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    allowed: 'give the name of a namespace',
  }),
  leaderElection: choiceSetting({
    flag: 'leader-election',
    env: environmentNames.operatorLeaderElection,
    reason: 'lease where several replicas run, off for a single one',
    choices: ['lease', 'off'],
    fallback: 'off',
  }),
  leaseName: textSetting({
    env: environmentNames.operatorLeaseName,
    reason: 'name of the Lease',
    unit: 'name',
    fallback: objectNames.operatorLease,
  }),
  cluster: optionalSetting(
    textSetting({
      flag: 'cluster',
      reason: "this cluster's name, for the list of what is stopped",
      unit: 'name',
    }),
  ),
  dataDir: pathSetting({
    flag: 'data-dir',
    env: environmentNames.dataDir,
    reason: 'folder of the record of actions that the hub has not received yet',
    unit: 'folder',
    fallback: '/tmp/kubehero-operator',
  }),
  logLevel: choiceSetting({
    flag: 'log-level',
    env: environmentNames.logLevel,
    reason: 'which lines are logged',
    choices: logLevels,
    fallback: 'info',
  }),
};

/** What {@link operatorSettings} become. */
export type OperatorSettings = SettingsOf<typeof operatorSettings>;
