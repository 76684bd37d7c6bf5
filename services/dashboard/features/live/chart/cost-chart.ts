import uPlot from 'uplot';
import { formatAmount } from '../../money/model/money-format.js';
import { formatSpan } from '../../money/model/quantity-format.js';
import type { Clock } from '../../view/model/time-format.js';
import type { GapSpan, LiveWindow } from '../model/live-window.js';
import { hatchPattern, readColours, type ChartColours } from './chart-colours.js';

/** What the chart shows. */
export interface ChartFrame {
  readonly window: LiveWindow;
  readonly from: number;
  readonly to: number;
  readonly clock: Clock;
}

/** What the chart asks of its surroundings. */
export interface ChartOptions {
  readonly onSecond: (second: number | undefined) => void;
}

const AXIS_FONT = '11px "Inter Variable", sans-serif';
const MIN_LABELLED_PX = 72;
const MARK_PX = 3;

/**
 * The stacked areas on a canvas. Layers are drawn from the highest sum to the lowest, each down to zero, so that
 * they lie upon each other; a missing second leaves a hole, which is hatched and says why.
 */
export class CostChart {
  private plot: uPlot | undefined;
  private drawnLayers: LiveWindow['layers'] | undefined;
  private colours: ChartColours;

  constructor(
    private readonly element: HTMLElement,
    private frame: ChartFrame,
    private readonly options: ChartOptions,
  ) {
    this.colours = readColours(element);
  }

  /** Draws a frame; keeps the canvas while the layers stay the same. */
  draw(frame: ChartFrame): void {
    this.frame = frame;
    if (this.plot === undefined || this.drawnLayers !== frame.window.layers) return this.rebuild();
    this.plot.setData(frame.window.toColumns(frame.from, frame.to));
  }

  /** Fits the element's size. */
  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (this.plot !== undefined && width > 0) this.plot.setSize({ width, height });
  }

  /** Reads the colours again, after a change of theme. */
  recolour(): void {
    this.colours = readColours(this.element);
    this.rebuild();
  }

  /** Points at a second, or at none. */
  point(second: number | undefined): void {
    const left = second === undefined ? -10 : (this.plot?.valToPos(second, 'x') ?? -10);
    this.plot?.setCursor({ left, top: second === undefined ? -10 : 8 });
  }

  /** Removes the canvas. */
  destroy(): void {
    this.plot?.destroy();
    this.plot = undefined;
  }

  private rebuild(): void {
    this.destroy();
    const { window: live, from, to } = this.frame;
    this.drawnLayers = live.layers;
    this.plot = new uPlot(this.plotOptions(), live.toColumns(from, to), this.element);
  }

  private plotOptions(): uPlot.Options {
    return {
      width: this.element.clientWidth,
      height: this.element.clientHeight,
      padding: [8, 0, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { time: true, range: () => [this.frame.from, this.frame.to] },
        y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
      },
      axes: [this.timeAxis(), this.moneyAxis()],
      series: [{}, ...this.layerSeries()],
      hooks: {
        draw: [(plot) => this.drawGaps(plot)],
        setCursor: [(plot) => this.options.onSecond(pointedSecond(plot))],
      },
    };
  }

  private layerSeries(): uPlot.Series[] {
    const { layers } = this.frame.window;
    return layers.toReversed().map((layer) => ({
      label: layer.label,
      stroke: this.colours.layer(layer),
      width: 1,
      points: { show: false },
      fill: (plot: uPlot) => {
        const colour = this.colours.layer(layer);
        if (layer.kind === 'unobserved') return hatchPattern(plot.ctx, colour, this.colours.surface);
        return this.colours.area(layer);
      },
    }));
  }

  private timeAxis(): uPlot.Axis {
    return {
      font: AXIS_FONT,
      stroke: this.colours.muted,
      size: 28,
      gap: 6,
      space: 84,
      grid: { show: false },
      ticks: { stroke: this.colours.hairline, width: 1, size: 4 },
      values: (_plot, seconds) => seconds.map((second) => this.timeLabel(second)),
    };
  }

  private timeLabel(second: number): string {
    const { clock, from, to } = this.frame;
    return to - from <= 120 ? clock.time(second) : clock.minute(second);
  }

  private moneyAxis(): uPlot.Axis {
    const { currency } = this.frame.window;
    return {
      font: AXIS_FONT,
      stroke: this.colours.muted,
      size: (_plot, labels) => 16 + 6.6 * Math.max(4, ...(labels ?? []).map((label) => label.length)),
      gap: 6,
      space: 48,
      grid: { stroke: this.colours.hairline, width: 1 },
      ticks: { show: false },
      values: (_plot, splits) => {
        const digits = digitsOf((splits[1] ?? 0) - (splits[0] ?? 0));
        return splits.map((value) => (value === 0 ? '0' : formatAmount(toPico(value), currency, digits)));
      },
    };
  }

  private drawGaps(plot: uPlot): void {
    const { window: live, from, to } = this.frame;
    plot.ctx.save();
    for (const gap of live.gaps(from, to)) this.drawGap(plot, gap);
    plot.ctx.restore();
  }

  private drawGap(plot: uPlot, gap: GapSpan): void {
    const { ctx, bbox } = plot;
    const ratio = window.devicePixelRatio;
    const left = Math.max(bbox.left, plot.valToPos(gap.fromS - 1, 'x', true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(gap.toS, 'x', true));
    if (gap.kind === 'none') {
      ctx.fillStyle = hatchPattern(ctx, this.colours.hatch, this.colours.surface);
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
    }
    ctx.fillStyle = this.colours.amber;
    ctx.fillRect(left, bbox.top + bbox.height - MARK_PX * ratio, right - left, MARK_PX * ratio);
    if (gap.kind === 'none') this.labelGap(plot, gap, { left, right });
  }

  private labelGap(plot: uPlot, gap: GapSpan, span: { readonly left: number; readonly right: number }): void {
    const { ctx, bbox } = plot;
    const ratio = window.devicePixelRatio;
    const width = (span.right - span.left) / ratio;
    if (width < MIN_LABELLED_PX / 2) return;
    const text =
      width < MIN_LABELLED_PX
        ? formatSpan(gap.toS - gap.fromS)
        : `No data ${formatSpan(gap.toS - gap.fromS)}`;
    ctx.font = `500 ${11 * ratio}px "Inter Variable", sans-serif`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    const x = (span.left + span.right) / 2;
    const y = bbox.top + bbox.height / 2;
    const half = ctx.measureText(text).width / 2 + 5 * ratio;
    ctx.fillStyle = this.colours.surface;
    ctx.fillRect(x - half, y - 9 * ratio, 2 * half, 18 * ratio);
    ctx.fillStyle = this.colours.ink;
    ctx.fillText(text, x, y);
  }
}

/** Digits after the point that a step needs to be told exactly, whole groups of three from five up, at most twelve. */
function digitsOf(step: number): number {
  let digits = 0;
  while (digits < 12 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits += 1;
  return digits > 4 ? 3 * Math.ceil(digits / 3) : digits;
}

/** A label's place on the axis, which was chosen by the chart: no money that anybody paid. */
function toPico(units: number): bigint {
  return BigInt(Math.round(units * 1e12));
}

function pointedSecond(plot: uPlot): number | undefined {
  const { idx, left } = plot.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) return undefined;
  return plot.data[0][idx];
}
