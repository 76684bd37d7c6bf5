import { parseArgs } from 'node:util';
import { FakeControlPlane } from './fake-control-plane.js';

/**
 * Runs the fake control plane by hand, to work on the dashboard:
 * `node dist/js/test/support/fake-control-plane-main.js --port 9400 --pods 400 --nodes 12 --login secret`.
 * `--gap 400-345` and `--silent 200-140-2` are seconds before the start.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '9400' },
    pods: { type: 'string', default: '420' },
    nodes: { type: 'string', default: '12' },
    unpriced: { type: 'string', default: '0' },
    login: { type: 'string', multiple: true, default: [] },
    gap: { type: 'string', multiple: true, default: [] },
    silent: { type: 'string', multiple: true, default: [] },
  },
});

const span = (text: string): [number, number, number] => {
  const [from = 0, to = 0, nodes = 1] = text.split('-').map(Number);
  return [from, to, nodes];
};

const fake = new FakeControlPlane({
  port: Number(values.port),
  pods: Number(values.pods),
  nodes: Number(values.nodes),
  unpricedNodes: Number(values.unpriced),
  gaps: values.gap.map((text) => [span(text)[0], span(text)[1]]),
  silent: values.silent.map(span),
});
for (const token of values.login) fake.issueLoginToken(token);
console.log(await fake.start());
process.once('SIGTERM', () => void fake.stop());
