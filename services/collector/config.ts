import { environmentNames, ports } from '@kubehero/contract';
import {
  choiceSetting,
  hostPortSetting,
  hubSettings,
  integerSetting,
  logLevels,
  optionalSetting,
  pathSetting,
  textSetting,
  type SettingsOf,
} from '@kubehero/runtime';

/** Settings of `kubehero collector`: flags for people, the environment for manifests. */
export const collectorSettings = {
  mode: choiceSetting({
    flag: 'mode',
    env: environmentNames.collectorMode,
    reason: 'how usage is measured: bpf needs privileges, cgroup reads files, auto takes the best that works',
    choices: ['auto', 'bpf', 'cgroup', 'off'],
    fallback: 'auto',
  }),
  ...hubSettings,
  http: hostPortSetting({
    flag: 'http',
    env: environmentNames.httpListen,
    reason: 'address of health and metrics',
    fallback: { host: '0.0.0.0', port: ports.collectorHttp },
  }),
  nodeName: optionalSetting(
    textSetting({
      flag: 'node-name',
      env: environmentNames.nodeName,
      reason: 'name of this Kubernetes node, of which the pods are watched; without it this is a plain host',
      unit: 'name',
      pattern: /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
      allowed: 'give the name of a node in lower case',
    }),
  ),
  kubeconfig: optionalSetting(
    pathSetting({
      flag: 'kubeconfig',
      reason: "file with access to the API; without it the pod's service account is used",
    }),
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
  nodePrice: optionalSetting(
    textSetting({
      flag: 'node-price',
      env: environmentNames.nodePrice,
      reason: 'price of this node per hour in the currency of the hub; counts as its annotation',
      unit: 'decimal',
      pattern: /^\d{1,9}(\.\d{1,12})?$/,
      allowed: 'give a plain decimal such as 0.0416',
    }),
  ),
  dataDir: optionalSetting(
    pathSetting({
      flag: 'data-dir',
      env: environmentNames.dataDir,
      reason: 'folder for the identity of runs and the last sealed second',
      unit: 'folder',
    }),
  ),
  cgroupRoot: optionalSetting(
    pathSetting({
      env: environmentNames.hostCgroupRoot,
      reason: "where the host's cgroup file systems are mounted, in a container",
    }),
  ),
  procRoot: pathSetting({
    env: environmentNames.hostProcRoot,
    reason: "where the host's /proc is mounted, in a container",
    fallback: '/proc',
  }),
  bufferSeconds: integerSetting({
    flag: 'buffer-seconds',
    env: environmentNames.collectorBufferSeconds,
    reason: 'sealed seconds that are kept until the hub has them',
    unit: 'seconds',
    min: 10,
    max: 3600,
    fallback: 60,
  }),
  logLevel: choiceSetting({
    flag: 'log-level',
    env: environmentNames.logLevel,
    reason: 'how much is logged',
    choices: logLevels,
    fallback: 'info',
  }),
};

/** What {@link collectorSettings} become. */
export type CollectorSettings = SettingsOf<typeof collectorSettings>;
