// App of apps: the hub, and the Argo CD Applications that sync it and the operators that it needs.
import { App } from 'cdk8s';
import { ArgoApplications, KubeHeroHub } from '@kubehero/constructs';
import { behindNginx, corporateSignIn, exampleCaBundle, exampleImages } from './shared.js';

const app = new App();
const hub = new KubeHeroHub(app, 'kubehero', {
  images: exampleImages(),
  domain: 'acme.internal',
  nodes: 300,
  exposure: behindNginx,
  dex: corporateSignIn,
  caBundle: exampleCaBundle,
  backup: { url: 's3://acme-backups', credentials: { name: 'pg-backup-creds' } },
  // Encrypted inside of the cluster by certificates of cert-manager
  clickhouse: { tls: { issuerRef: { name: 'internal-ca' } } },
  valkey: { tls: { issuerRef: { name: 'internal-ca' } } },
});
new ArgoApplications(app, 'gitops', {
  hub,
  repoUrl: 'https://git.acme.example/platform/kubehero-manifests.git',
  path: 'clusters/hub',
  operators: {
    cloudNativePg: {
      repoUrl: 'https://charts.acme.example/cnpg',
      chart: 'cloudnative-pg',
      version: '0.29.0',
    },
    barmanPlugin: {
      repoUrl: 'https://charts.acme.example/cnpg',
      chart: 'plugin-barman-cloud',
      version: '0.8.0',
    },
    clickhouse: {
      repoUrl: 'https://charts.acme.example/altinity',
      chart: 'altinity-clickhouse-operator',
      version: '0.27.3',
    },
  },
});
app.synth();
