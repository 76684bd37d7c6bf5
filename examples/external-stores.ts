// A hub over stores that exist already: RDS, ClickHouse and ElastiCache, by host, port and Secret.
import { App } from 'cdk8s';
import { KubeHeroHub } from '@kubehero/constructs';
import { behindNginx, exampleImages } from './shared.js';

const app = new App();
new KubeHeroHub(app, 'kubehero', {
  images: exampleImages(),
  domain: 'acme.internal',
  nodes: 500,
  exposure: behindNginx,
  dex: {
    mode: 'external',
    issuer: 'https://login.acme.example',
    clientId: 'kubehero',
    cidrs: ['192.0.2.0/24'],
  },
  postgres: {
    mode: 'external',
    host: 'kubehero.abc123.us-east-1.rds.amazonaws.com',
    port: 5432,
    existingSecret: { name: 'rds-kubehero', passwordKey: 'password' },
    caSecret: 'rds-ca',
    cidrs: ['10.1.0.0/24'],
    dex: { existingSecret: { name: 'rds-dex' } },
  },
  // Spot prices by zone and machine types, by accounts that may read prices alone
  pricing: {
    awsCredentialsSecret: 'aws-price-reader',
    gcpAccountSecret: 'gcp-price-reader',
    gcpKeySecret: 'gcp-price-key',
    awsRegions: ['us-east-1', 'eu-west-1'],
    proxy: 'http://proxy.acme.internal:3128',
    egressCidrs: ['10.4.0.10/32'],
    egressPorts: [3128],
    commitments: false,
  },
  clickhouse: {
    mode: 'external',
    host: 'clickhouse.acme.internal',
    port: 8443,
    cluster: 'analytics',
    existingSecret: { name: 'clickhouse-kubehero' },
    cidrs: ['10.2.0.0/24'],
  },
  valkey: {
    mode: 'external',
    host: 'valkey.acme.internal',
    port: 6379,
    existingSecret: { name: 'valkey-kubehero' },
    cidrs: ['10.3.0.0/24'],
  },
});
app.synth();
