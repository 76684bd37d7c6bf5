import type { Grouping, Where } from '../../features/live/model/grouping.js';
import type { LiveHistory } from '../../features/live/model/live-history.js';
import { liveEvents } from '../../features/live/model/live-messages.js';
import {
  planView,
  samePicks,
  toSnapshot,
  toTick,
  type ViewPlan,
} from '../../features/live/model/live-view.js';
import { findMovers } from '../../features/live/model/movers.js';
import { frame, type LiveViewer } from './live-viewer.js';

const REPLAN_EVERY_S = 60;
const MOVERS_EVERY_S = 5;

/** Everybody who looks at the same view (grouping and filter): each second is rendered once for all of them. */
export class LiveChannel {
  private readonly viewers = new Set<LiveViewer>();
  private plan: ViewPlan | undefined;
  private plannedAtS = 0;
  private moversAtS = 0;
  private movers: Buffer | undefined;
  private snapshot: { readonly second: number; readonly bytes: Buffer } | undefined;

  constructor(
    private readonly by: Grouping,
    private readonly where: readonly Where[],
  ) {}

  /** How many look. */
  get size(): number {
    return this.viewers.size;
  }

  /** Adds a viewer and sends what there is. */
  add(viewer: LiveViewer, history: LiveHistory | undefined): void {
    this.viewers.add(viewer);
    if (history === undefined) return;
    viewer.send(this.renderSnapshot(history));
    if (this.movers !== undefined) viewer.send(this.movers);
  }

  /** Removes a viewer. */
  remove(viewer: LiveViewer): void {
    this.viewers.delete(viewer);
  }

  /** Sends the whole window again: after the upstream's reconnect. */
  reset(history: LiveHistory): void {
    this.plan = undefined;
    this.snapshot = undefined;
    this.send(this.renderSnapshot(history));
    this.sendMovers(history);
  }

  /** Sends a second, and the whole window where other groups have become the largest. */
  tick(history: LiveHistory, second: number): void {
    this.snapshot = undefined;
    const before = this.plan;
    const plan = this.currentPlan(history);
    if (before !== undefined && plan !== before && !samePicks(plan, before)) {
      this.send(this.renderSnapshot(history));
    } else {
      this.plan = before ?? plan;
      const tick = toTick(history, this.plan, second);
      if (tick !== undefined) this.send(frame(liveEvents.tick, tick, second));
    }
    if (history.newestSecond - this.moversAtS >= MOVERS_EVERY_S) this.sendMovers(history);
  }

  /** Sends a frame to every viewer and forgets those that are gone. */
  send(bytes: Buffer): void {
    for (const viewer of this.viewers) if (!viewer.send(bytes)) this.viewers.delete(viewer);
  }

  /** Ends every viewer's stream. */
  end(): void {
    for (const viewer of this.viewers) viewer.end();
    this.viewers.clear();
  }

  private currentPlan(history: LiveHistory): ViewPlan {
    if (this.plan !== undefined && history.newestSecond - this.plannedAtS < this.replanAfterS())
      return this.plan;
    this.plannedAtS = history.newestSecond;
    return planView(history, this.by, this.where);
  }

  /** Soon where the chart still has room for another group, so that a new one appears at once. */
  private replanAfterS(): number {
    return (this.plan?.picked.length ?? 0) < 8 ? MOVERS_EVERY_S : REPLAN_EVERY_S;
  }

  private renderSnapshot(history: LiveHistory): Buffer {
    if (this.snapshot?.second !== history.newestSecond) {
      this.plan = this.currentPlan(history);
      const bytes = frame(liveEvents.snapshot, toSnapshot(history, this.plan), history.newestSecond);
      this.snapshot = { second: history.newestSecond, bytes };
    }
    return this.snapshot.bytes;
  }

  private sendMovers(history: LiveHistory): void {
    this.moversAtS = history.newestSecond;
    this.movers = frame(liveEvents.movers, findMovers(history, this.by, this.where) ?? null);
    this.send(this.movers);
  }
}
