import { tellStory } from './story-proof.js';

/** The story of a budget from its first warning to its release: `node dist/js/test/faults/story.js`. Exits 1 where it went wrong. */
const report = await tellStory();
process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
const { unarmed, dryRun, enforced, released, outside } = report;
const changed = [
  ...unarmed.changed,
  ...dryRun.changed,
  ...released.changed,
  ...released.leftovers,
  ...outside,
];
process.exitCode = changed.length === 0 && enforced.message !== '' ? 0 : 1;
