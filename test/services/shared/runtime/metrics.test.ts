import { describe, expect, it } from '@jest/globals';
import { Metrics, sleep } from '@kubehero/runtime';

describe('metrics', () => {
  it('are of one program each: two registries share nothing', async () => {
    const [first, second] = [new Metrics(), new Metrics()];
    first.gauge({ name: 'kubehero_rows', help: 'rows', labels: ['store'] }).set({ store: 'a' }, 2);
    second.gauge({ name: 'kubehero_rows', help: 'rows', labels: ['store'] }).set({ store: 'b' }, 3);
    expect((await first.expose()).body).toContain('kubehero_rows{store="a"} 2');
    expect((await first.expose()).body).not.toContain('store="b"');
    expect(() => first.counter({ name: 'kubehero_rows', help: 'again' })).toThrow();
  });

  it('read gauges when they are scraped', async () => {
    const metrics = new Metrics();
    let depth = 1;
    metrics.gauge({ name: 'kubehero_queue', help: 'depth' }, (gauge) => {
      gauge.set(depth);
    });
    depth = 7;
    const page = await metrics.expose();
    expect(page.body).toContain('kubehero_queue 7');
    expect(page.contentType).toContain('text/plain');
  });

  it('count durations in buckets', async () => {
    const metrics = new Metrics();
    const duration = metrics.histogram({ name: 'kubehero_call_seconds', help: 'calls', buckets: [0.1, 1] });
    duration.observe(0.5);
    expect((await metrics.expose()).body).toContain('kubehero_call_seconds_bucket{le="1"} 1');
  });

  it('see that the event loop was held, once', async () => {
    const metrics = new Metrics();
    metrics.watchEventLoop();
    await sleep(50);
    const until = performance.now() + 700;
    while (performance.now() < until);
    await sleep(50);
    const read = async (): Promise<number> => {
      const match = /kubehero_event_loop_delay_seconds\{quantile="1"\} (\S+)/.exec(
        (await metrics.expose()).body,
      );
      return Number(match?.[1]);
    };
    expect(await read()).toBeGreaterThan(0.6);
    await sleep(100);
    expect(await read()).toBeLessThan(0.6);
    metrics.stop();
  });

  it('tell about the process when asked to', async () => {
    const metrics = new Metrics();
    metrics.collectProcess();
    expect((await metrics.expose()).body).toContain('kubehero_process_cpu_user_seconds_total');
  });
});
