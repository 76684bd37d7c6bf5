import { beforeAll, expect, it } from '@jest/globals';
import { tellStory, type StoryReport } from '../faults/story-proof.js';
import { clusterBinaries } from '../support/cluster/requirement.js';
import { enforcementBinaries } from '../support/enforcement/enforcement-rig.js';
import { describeWith } from '../support/requirements.js';

const everything = ['CronJob nightly', 'Deployment scaled', 'Deployment web', 'Job batch', 'StatefulSet db'];

describeWith(
  [clusterBinaries(...enforcementBinaries)],
  "a budget's story on a real cluster, told by `kubehero up`",
  () => {
    let story: StoryReport;

    beforeAll(async () => {
      story = await tellStory();
    }, 300_000);

    it('installs nothing but the definition, and says so', () => {
      expect(story.installed).toEqual([
        expect.stringContaining('the definition of BudgetPolicy is installed now'),
      ]);
    });

    it('only warns while nobody armed the policy', () => {
      expect(story.unarmed).toEqual({ phase: 'Exceeded', changed: [], warned: true });
    });

    it('lists in a dry run what it would stop and changes nothing', () => {
      expect(story.dryRun).toEqual({ listed: everything, changed: [] });
    });

    it('refuses pods and stops workloads within seconds of the crossing', () => {
      const { armedBy, stopped, pods, message, scaledDownMs, deniedMs } = story.enforced;
      expect([armedBy !== '', message.includes(armedBy)]).toEqual([true, true]);
      expect([stopped, pods]).toEqual([everything, 3]);
      expect(message).toContain('shop');
      expect(Math.max(scaledDownMs, deniedMs)).toBeLessThan(15_000);
    });

    it('stops exactly what the simulation named', () => {
      expect(story.enforced.simulated).toEqual(story.enforced.stopped);
    });

    it('puts everything back exactly as it was and leaves nothing behind', () => {
      expect(story.released).toEqual({ changed: [], pods: 12, leftovers: [] });
    });

    it('writes nothing outside of its scope', () => {
      expect(story.outside).toEqual([]);
    });
  },
);
