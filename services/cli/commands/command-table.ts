import type { RegisterCommand } from './command.js';

/** A command as the list of all shows it, and how its module is loaded when it is asked for. */
export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<RegisterCommand>;
}

/**
 * Every command, in the order of the help. Only the module of the command that runs is loaded: the others' clients,
 * stores and protocols would cost memory and a second of start.
 */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'up',
    description: 'run the whole product on this machine: stores, control plane, collector and dashboard',
    load: async () => (await import('./up.js')).registerUp,
  },
  {
    name: 'simulate',
    description: 'send deterministic telemetry of an invented fleet through the real collector protocol',
    load: async () => (await import('./simulate.js')).registerSimulate,
  },
  {
    name: 'cost',
    description: 'what clusters, nodes, namespaces, workloads and pods cost over a window',
    load: async () => (await import('./cost.js')).registerCost,
  },
  {
    name: 'policy',
    description: 'budget policies: what they allow, what was spent, what they stop',
    load: async () => (await import('./policy.js')).registerPolicy,
  },
  {
    name: 'cluster',
    description: 'the clusters of a hub and their certificates',
    load: async () => (await import('./cluster.js')).registerCluster,
  },
  {
    name: 'control-plane',
    description: 'run one replica of the control plane against PostgreSQL and ClickHouse servers',
    load: async () => (await import('./control-plane.js')).registerControlPlane,
  },
  {
    name: 'collector',
    description: 'measure what the pods of this node use each second and report it to the hub',
    load: async () => (await import('./collector.js')).registerCollector,
  },
  {
    name: 'operator',
    description: 'enforce budgets in this cluster and tell the hub what it holds',
    load: async () => (await import('./operator.js')).registerOperator,
  },
  {
    name: 'images',
    description: 'the images of an installation',
    load: async () => (await import('./images.js')).registerImages,
  },
  {
    name: 'pricing',
    description: 'price catalogues: refresh them, ask them, correct the past by them',
    load: async () => (await import('./pricing.js')).registerPricing,
  },
  {
    name: 'db',
    description: 'look after the database',
    load: async () => (await import('./db.js')).registerDatabase,
  },
  {
    name: 'backup',
    description: 'copy what the stores hold to a bucket',
    load: async () => (await import('./backup.js')).registerBackup,
  },
  {
    name: 'secrets',
    description: 'the secrets of an installation',
    load: async () => (await import('./secrets.js')).registerSecrets,
  },
  {
    name: 'doctor',
    description: 'tell what works on this machine, what is missing, and what to do about it',
    load: async () => (await import('./doctor.js')).registerDoctor,
  },
];
