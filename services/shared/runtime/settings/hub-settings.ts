import { environmentNames } from '@kubehero/contract';
import { optionalSetting, pathSetting, textSetting, type Setting } from './setting.js';

/** Where the hub is and the cluster's own certificate: settings of every program that runs beside the workloads. */
export const hubSettings: {
  readonly hub: Setting<string | undefined>;
  readonly hubFile: Setting<string | undefined>;
  readonly hubCaFile: Setting<string>;
  readonly clusterCertFile: Setting<string>;
  readonly clusterKeyFile: Setting<string>;
} = {
  hub: optionalSetting(
    textSetting({
      flag: 'hub',
      env: environmentNames.hubEndpoint,
      reason: "address of the hub's gRPC port",
      unit: 'host:port',
      pattern: /^[^\s/]+:\d{1,5}$/,
      allowed: 'give host:port such as hub.example.com:9443',
    }),
  ),
  hubFile: optionalSetting(
    pathSetting({
      env: environmentNames.hubEndpointFile,
      reason: 'file whose one line is that address; wins over it',
    }),
  ),
  hubCaFile: pathSetting({
    flag: 'hub-ca',
    env: environmentNames.hubCaFile,
    reason: "CA bundle (PEM) that the hub's certificate chains to",
  }),
  clusterCertFile: pathSetting({
    flag: 'cluster-cert',
    env: environmentNames.clusterCertFile,
    reason: "the cluster's certificate (PEM), by which this program enrols",
  }),
  clusterKeyFile: pathSetting({
    flag: 'cluster-key',
    env: environmentNames.clusterKeyFile,
    reason: 'the key of that certificate (PEM)',
  }),
};
