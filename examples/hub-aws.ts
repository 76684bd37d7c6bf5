// A hub on EKS: pod identities instead of keys, gp3 volumes, a network load balancer for the edges, Gateway API for people.
import { App } from 'cdk8s';
import { BudgetPolicy, KubeHeroHub } from '@kubehero/constructs';
import { corporateSignIn, exampleCaBundle, exampleImages } from './shared.js';

const role = (name: string): { serviceAccountAnnotations: Record<string, string> } => ({
  serviceAccountAnnotations: { 'eks.amazonaws.com/role-arn': `arn:aws:iam::111122223333:role/${name}` },
});

const app = new App();
const hub = new KubeHeroHub(app, 'hub', {
  images: exampleImages(),
  domain: 'kubehero.acme.example',
  nodes: 3000,
  kubernetesVersion: '1.35',
  storageClassName: 'gp3',
  caBundle: exampleCaBundle,
  exposure: {
    kind: 'gateway',
    name: 'public',
    namespace: 'gateway-system',
    controllerNamespace: 'gateway-system',
    grpc: 'loadBalancer',
    loadBalancerAnnotations: { 'service.beta.kubernetes.io/aws-load-balancer-type': 'external' },
    edgeCidrs: ['10.0.0.0/8', '203.0.113.0/24'],
  },
  dex: corporateSignIn,
  backup: { url: 's3://acme-kubehero-backups', region: 'us-east-1' },
  clickhouse: { keeper: 'operator', coldStorage: { url: 's3://acme-kubehero-cold', region: 'us-east-1' } },
  imageVerification: {
    with: 'kyverno',
    publicKey:
      '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEtO/jbIb8DLuRrdKvJIlVxFVJkDoG\nXxqjxKNxJnMNIX69S1QY4wGcC1FBMtzVQNEfe/sAeXPATQh/Q+IpkFHEJg==\n-----END PUBLIC KEY-----\n',
  },
  defaults: { nodeSelector: { 'kubernetes.io/arch': 'amd64' }, labels: { 'acme.example/team': 'platform' } },
  components: {
    // An account that the cloud's own tooling makes and binds
    pricing: { serviceAccountName: 'price-reader' },
    collector: { nodeSelector: {} },
    postgres: role('kubehero-postgres'),
    clickhouse: role('kubehero-clickhouse'),
    clickhouseBackup: role('kubehero-backup'),
  },
});
hub.parts.dashboard.addOverride({ kind: 'Deployment' }, 'spec.template.spec.dnsConfig', {
  options: [{ name: 'ndots', value: '2' }],
});
new BudgetPolicy(app, 'all-prod-ceiling', {
  name: 'all-prod-ceiling',
  scope: { clusterSelector: { matchLabels: { env: 'prod' } } },
  ceiling: '$500000/mo',
  hardStop: true,
});
app.synth();
