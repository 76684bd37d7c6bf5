// One small cluster: hub and stores with one replica each, everything in one chart.
import { App, Chart } from 'cdk8s';
import { KubeHeroHub } from '@kubehero/constructs';
import { behindNginx, corporateSignIn, exampleImages } from './shared.js';

const app = new App();
const chart = new Chart(app, 'small', { disableResourceNameHashes: true });
new KubeHeroHub(chart, 'kubehero', {
  images: exampleImages(),
  domain: 'lab.acme.internal',
  nodes: 10,
  highAvailability: false,
  exposure: behindNginx,
  dex: corporateSignIn,
});
app.synth();
