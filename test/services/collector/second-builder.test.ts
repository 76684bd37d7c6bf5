import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sealSeconds } from '../../../services/collector/buffer/second-builder.js';
import { Meter } from '../../../services/collector/cgroups/meter.js';
import { hostIdentity } from '../../../services/collector/pods/host-identity.js';
import type { ContainerIdentity } from '../../../services/collector/pods/container-identity.js';

const group = { kind: 'group', path: '/a', id: 7 } as const;
const identity = hostIdentity(group);
const seal = (
  meter: Meter,
  plan: { seconds: number[]; carriedPart: number },
): ReturnType<typeof sealSeconds> =>
  sealSeconds({ source: 'BPF', meters: [meter], identify: () => identity }, plan);

describe('sealing', () => {
  it('sends whole microseconds and loses no nanosecond, however the readings fall', () => {
    const reading = fc.record({
      ns: fc.integer({ min: -2000, max: 2_000_000_000 }),
      seconds: fc.integer({ min: 1, max: 5 }),
      carriedPart: fc.double({ min: 0, max: 0.99, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 50 }), (readings) => {
        const meter = new Meter(group, undefined);
        let sentUs = 0;
        let readNs = 0;
        for (const { ns, seconds, carriedPart } of readings) {
          meter.tickNs += ns;
          readNs += ns;
          const plan = { seconds: Array.from({ length: seconds }, (_, index) => index), carriedPart };
          for (const second of seal(meter, plan)) sentUs += second.cpuUs[0] ?? 0;
        }
        expect(sentUs * 1000 + meter.pendingNs).toBe(readNs);
      }),
    );
  });

  it('takes what two containers of the same identity used as one row', () => {
    const meters = [new Meter(group, undefined), new Meter(group, undefined)];
    for (const meter of meters) {
      meter.tickNs = 1_500_000;
      meter.addTraffic(4, 100, 10);
    }
    const [second] = sealSeconds(
      { source: 'BPF', meters, identify: () => identity },
      { seconds: [5], carriedPart: 0 },
    );
    expect(second?.identities).toEqual([identity]);
    expect([...(second?.cpuUs ?? [])]).toEqual([3000]);
    expect(second?.network).toEqual([{ row: 0, networkClass: 4, txBytes: 200, rxBytes: 20 }]);
  });

  it('shows an idle container, for it costs its requests, but no idle cgroup', () => {
    const container: ContainerIdentity = { ...identity, kind: 'IDENTITY_KIND_CONTAINER' };
    const rows = (found: ContainerIdentity): number =>
      sealSeconds(
        { source: 'BPF', meters: [new Meter(group, undefined)], identify: () => found },
        { seconds: [1], carriedPart: 0 },
      )[0]?.identities.length ?? 0;
    expect([rows(container), rows(identity)]).toEqual([1, 0]);
  });
});
