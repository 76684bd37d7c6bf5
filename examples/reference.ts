// The reference installation: 1,000 nodes, everything deployed, everything backed up.
import { App } from 'cdk8s';
import { KubeHeroHub } from '@kubehero/constructs';
import { behindNginx, corporateSignIn, exampleCaBundle, exampleImages } from './shared.js';

const app = new App();
new KubeHeroHub(app, 'kubehero', {
  images: exampleImages(),
  domain: 'acme.internal',
  nodes: 1000,
  exposure: behindNginx,
  dex: corporateSignIn,
  caBundle: exampleCaBundle,
  backup: { url: 's3://acme-backups', region: 'us-east-1', credentials: { name: 'pg-backup-creds' } },
  audit: {
    url: 's3://acme-compliance/kubehero-audit/',
    region: 'us-east-1',
    credentials: { name: 'audit-creds' },
  },
  clickhouse: {
    coldStorage: { url: 's3://acme-cold/kubehero', region: 'us-east-1', credentials: { name: 'cold-creds' } },
  },
  clusterScopes: [
    {
      name: 'acme-sre-east',
      groups: ['acme-sre-east'],
      clusters: ['eks-use1-prod', 'eks-use1-staging'],
      role: 'operator',
    },
    { name: 'acme-ml-platform', groups: ['acme-ml'], clusters: ['aks-westeu-prod-01'], role: 'operator' },
  ],
});
app.synth();
