import { Construct } from 'constructs';
import { secretCatalogue } from '@kubehero/contract';
import { ObjectStore } from '../../imports/barmancloud.cnpg.io.js';
import { Cluster } from '../../imports/postgresql.cnpg.io.js';
import { homeFor } from '../core/charts.js';
import { type Fault, Faults, refuseAtSynth } from '../core/faults.js';
import type { ImageLock } from '../core/images.js';
import { Part, waves } from '../core/manifest.js';
import { labelsOf } from '../core/pods.js';
import { tryParseBytes } from '../core/quantities.js';
import { barmanConfiguration } from './postgres.js';
import { checkS3, type S3Location } from './s3.js';

/** Input of {@link PostgresRestore}. */
export interface PostgresRestoreProps {
  readonly images: ImageLock;
  /** Name of the new cluster; never the one of the cluster that it is restored from. */
  readonly name: string;
  /** @default 'cnpg-system' */
  readonly namespace?: string;
  /** Where the lost cluster archived to, its own folder included. */
  readonly source: S3Location;
  /** Name of the lost cluster. @default 'kubehero-postgres' */
  readonly sourceName?: string;
  /** RFC 3339 with its zone; the state just before it. @default - the newest that the archive has */
  readonly targetTime?: string;
  /** @default 3 */
  readonly instances?: number;
  /** At least as large as the lost cluster's. @default '200Gi' */
  readonly storage?: string;
  /** At least as large as the lost cluster's. @default '10Gi' */
  readonly walStorage?: string;
  readonly storageClassName?: string;
}

/**
 * PostgreSQL restored from its archive, as a cluster beside the lost one: never an edit of a live object. It archives
 * nothing until programs point at it, so that the old archive stays as it is.
 */
export class PostgresRestore extends Construct {
  /** What is wrong with the props. */
  readonly faults: readonly Fault[];

  constructor(scope: Construct, id: string, props: PostgresRestoreProps) {
    super(scope, id);
    this.faults = restoreFaults(props);
    refuseAtSynth(this, this.faults);
    if (this.faults.length > 0) return;
    new RestorePart(homeFor(this, 'restore'), 'Resource', props);
  }
}

class RestorePart extends Part {
  constructor(scope: Construct, id: string, props: PostgresRestoreProps) {
    super(scope, id, { labels: labelsOf(props.name) });
    const {
      name,
      namespace = 'cnpg-system',
      sourceName = 'kubehero-postgres',
      storageClassName: storageClass,
    } = props;
    const archive = `${name}-source`;
    this.emit(
      'ObjectStore',
      ObjectStore.manifest({
        metadata: { name: archive, namespace },
        spec: { configuration: barmanConfiguration(props.source) as never },
      }),
      { wave: waves.storeInputs, keep: true },
    );
    const instances = props.instances ?? 3;
    this.emit(
      'Cluster',
      Cluster.manifest({
        metadata: { name, namespace },
        spec: {
          instances,
          imageName: props.images.tryReference('postgres') ?? '',
          enableSuperuserAccess: false,
          enablePdb: instances > 1,
          storage: { size: props.storage ?? '200Gi', storageClass },
          walStorage: { size: props.walStorage ?? '10Gi', storageClass },
          bootstrap: {
            recovery: {
              source: sourceName,
              database: 'kubehero',
              owner: 'kubehero',
              secret: { name: secretCatalogue.postgresApp.name },
              ...(props.targetTime ? { recoveryTarget: { targetTime: props.targetTime } } : {}),
            },
          },
          externalClusters: [
            {
              name: sourceName,
              plugin: {
                name: 'barman-cloud.cloudnative-pg.io',
                parameters: { barmanObjectName: archive, serverName: sourceName },
              },
            },
          ],
        },
      }),
      { wave: waves.stores, keep: true },
    );
  }
}

function restoreFaults(props: PostgresRestoreProps): readonly Fault[] {
  const faults = new Faults();
  faults.dnsLabel('name', props.name);
  faults.dnsLabel('namespace', props.namespace);
  const lost = props.sourceName ?? 'kubehero-postgres';
  faults.check(
    props.name !== lost,
    'name',
    `'${props.name}' is the lost cluster's own: a restore is a new cluster, give it another name`,
  );
  faults.check(
    props.images.tryFind('postgres') !== undefined,
    'images',
    "the lock holds no postgres: run 'kubehero images lock'",
  );
  faults.dnsLabel('sourceName', props.sourceName);
  faults.dnsName('storageClassName', props.storageClassName);
  checkS3(faults, 'source', props.source);
  faults.integer('instances', props.instances, [1, 9]);
  const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
  if (props.targetTime !== undefined)
    faults.check(
      zoned.test(props.targetTime) && !Number.isNaN(Date.parse(props.targetTime)),
      'targetTime',
      `'${props.targetTime}' is no instant: write 2026-04-24T12:00:00Z, with its zone`,
    );
  for (const key of ['storage', 'walStorage'] as const) {
    const value = props[key];
    if (value !== undefined)
      faults.check(tryParseBytes(value) !== undefined, key, `'${value}' is no size: write 200Gi`);
  }
  return faults.all;
}
