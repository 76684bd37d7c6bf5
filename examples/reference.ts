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
  clickhouse: {
    coldStorage: { url: 's3://acme-cold/kubehero', region: 'us-east-1', credentials: { name: 'cold-creds' } },
  },
});
app.synth();
