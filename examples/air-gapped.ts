// Hub and edge in a site without a way out: own registry, own bucket, prices from a snapshot that is carried in.
import { App } from 'cdk8s';
import { AirGapOverlay, KubeHeroEdge, KubeHeroHub } from '@kubehero/constructs';
import { exampleCaBundle, exampleImages } from './shared.js';

const app = new App();
const bucket = (url: string) => ({
  url,
  endpoint: 'https://s3.acme.internal',
  credentials: { name: 'site-s3' },
  cidrs: ['10.20.0.0/24'],
});
new KubeHeroHub(app, 'kubehero', {
  images: exampleImages(),
  domain: 'acme.internal',
  nodes: 200,
  exposure: {
    kind: 'ingress',
    className: 'nginx',
    controllerNamespace: 'ingress-nginx',
    tlsSecret: 'kubehero-tls',
    edgeCidrs: ['10.0.0.0/8'],
  },
  dex: {
    connectors: [
      {
        type: 'ldap',
        id: 'ldap',
        name: 'Directory',
        config: {
          host: 'ldap.acme.internal:636',
          bindDN: 'cn=kubehero,dc=acme,dc=internal',
          bindPW: '$LDAP_PASSWORD',
          userSearch: {
            baseDN: 'ou=people,dc=acme,dc=internal',
            username: 'uid',
            idAttr: 'uid',
            emailAttr: 'mail',
          },
        },
      },
    ],
    secretEnv: { LDAP_PASSWORD: { name: 'ldap-bind', key: 'password' } },
    cidrs: ['10.20.1.0/24'],
  },
  caBundle: exampleCaBundle,
  // Encrypted inside of the cluster, too, by certificates that `kubehero secrets create` makes
  clickhouse: { tls: {} },
  valkey: { tls: {} },
  backup: bucket('s3://kubehero-backups'),
  pricing: {
    sources: ['snapshot'],
    snapshotClaim: 'kubehero-price-snapshot',
    snapshotKeyConfigMap: 'kubehero-price-key',
  },
});
new KubeHeroEdge(app, 'edge-vault', {
  images: exampleImages(),
  hubEndpoint: 'https://ingress.acme.internal',
  hubCidrs: ['10.20.2.10/32'],
  caBundle: exampleCaBundle,
  nodes: 40,
});
new AirGapOverlay(app, 'air-gap', {
  registry: 'registry.internal.acme.com/mirror',
  imagePullSecrets: ['acme-regcred'],
  egressCidrs: ['10.20.0.0/16'],
  allowedHosts: ['s3.acme.internal'],
});
app.synth();
