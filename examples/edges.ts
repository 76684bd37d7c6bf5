// Edges of three clouds in one app: collector and operator of each cluster, which dial the hub.
import { App } from 'cdk8s';
import { KubeHeroEdge, type KubeHeroEdgeProps } from '@kubehero/constructs';
import { exampleCaBundle, exampleImages } from './shared.js';

const common = {
  images: exampleImages(),
  hubEndpoint: 'https://ingress.acme.internal',
  hubCidrs: ['198.51.100.10/32'],
  caBundle: exampleCaBundle,
};
const clusters: Record<string, Partial<KubeHeroEdgeProps>> = {
  // EKS: DNS is CoreDNS under the usual label; Bottlerocket and AL2023 have kernel 6.1 and BTF.
  'eks-use1-prod': { nodes: 420, kubernetesVersion: '1.34' },
  // GKE: node-local DNS listens on a link-local address; Dataplane V2 enforces the policies.
  'gke-euw1-prod': {
    nodes: 150,
    kubernetesVersion: '1.35',
    dns: { nodeLocalCidrs: ['169.254.20.10/32', '169.254.169.254/32'] },
  },
  // AKS: an older cluster, before ValidatingAdmissionPolicy; measures by cgroup files alone.
  'aks-westeu-prod-01': { nodes: 60, kubernetesVersion: '1.28', collectorMode: 'cgroup' },
};
const app = new App();
for (const [name, props] of Object.entries(clusters)) new KubeHeroEdge(app, name, { ...common, ...props });
app.synth();
