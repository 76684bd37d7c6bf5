// A restore to a moment before an accident: a new cluster beside the lost one, in a chart of its own.
import { App } from 'cdk8s';
import { PostgresRestore } from '@kubehero/constructs';
import { exampleImages } from './shared.js';

const app = new App();
new PostgresRestore(app, 'postgres', {
  images: exampleImages(),
  name: 'kubehero-postgres-2',
  source: {
    url: 's3://acme-backups/kubehero-postgres',
    region: 'us-east-1',
    credentials: { name: 'pg-backup-creds' },
  },
  targetTime: '2026-04-24T11:59:00Z',
});
app.synth();
