import type { Window } from '@kubehero/domain';
import type { LiveBus } from '@kubehero/store-valkey';

/** Windows that ended so long ago hardly change any more. */
const SETTLED_S = 900;
/** How long a viewer may miss a second that came that late. */
const FRESH_MS = 2000;
const PREFIX = 'kubehero:answer:';

/** Answers about settled windows, kept for a moment and shared by all replicas: many viewers of one report cost one. */
export class AnswerCache {
  constructor(
    private readonly bus: LiveBus,
    private readonly nowS: () => number,
  ) {}

  /**
   * The kept answer, or what `work` finds.
   *
   * @param question - equal for equal questions; becomes part of the key
   * @param work - its result must survive JSON
   */
  async through<T>(question: unknown, window: Window, work: () => Promise<T>): Promise<T> {
    if (window.to > this.nowS() - SETTLED_S) return await work();
    const key = PREFIX + JSON.stringify(question);
    const kept = await this.bus.cacheGet(key);
    if (kept !== undefined) return JSON.parse(kept) as T;
    const answer = await work();
    await this.bus.cacheSet(key, JSON.stringify(answer), FRESH_MS);
    return answer;
  }
}
