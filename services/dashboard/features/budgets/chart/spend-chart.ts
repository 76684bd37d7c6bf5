import uPlot from 'uplot';
import { formatCost } from '../../money/model/money-format.js';
import type { Clock } from '../../view/model/time-format.js';
import type { PolicyDetailMessage } from '../model/budget-messages.js';
import { toSpendColumns } from '../model/spend-columns.js';

/** What the chart shows. */
export interface SpendFrame {
  readonly detail: PolicyDetailMessage;
  readonly clock: Clock;
}

const AXIS_FONT = '11px "Inter Variable", sans-serif';
const DAYS_FROM_S = 2 * 86_400;
const PICO = 1e12;
const TOKENS = ['ink', 'ink-muted', 'hairline', 'accent', 'red', 'amber', 'series-unobserved'] as const;

type Colours = Readonly<Record<(typeof TOKENS)[number], string>>;

/** Spend as it rises to the ceiling on a canvas, the forecast as a band that leads to the period's end. */
export class SpendChart {
  private plot: uPlot | undefined;
  private frame: SpendFrame | undefined;
  private colours: Colours;

  constructor(private readonly element: HTMLElement) {
    this.colours = readColours(element);
  }

  /** Draws a frame. */
  draw(frame: SpendFrame): void {
    this.frame = frame;
    const columns = toSpendColumns(frame.detail);
    if (this.plot === undefined) this.plot = new uPlot(this.plotOptions(), columns, this.element);
    else this.plot.setData(columns);
  }

  /** Fits the element's size. */
  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width > 0) this.plot?.setSize({ width, height });
  }

  /** Reads the colours again, after a change of theme. */
  recolour(): void {
    this.colours = readColours(this.element);
    this.destroy();
    if (this.frame !== undefined) this.draw(this.frame);
  }

  /** Removes the canvas. */
  destroy(): void {
    this.plot?.destroy();
    this.plot = undefined;
  }

  private plotOptions(): uPlot.Options {
    const { colours } = this;
    const line = { points: { show: false } };
    return {
      width: this.element.clientWidth,
      height: this.element.clientHeight,
      padding: [16, 12, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: true, range: () => this.period() }, y: { range: () => [0, this.top()] } },
      axes: [this.timeAxis(), this.moneyAxis()],
      series: [
        {},
        { ...line, stroke: colours.accent, width: 2, fill: fade(colours.accent, 0.12) },
        { ...line, stroke: colours.accent, width: 1.5, dash: [5, 4] },
        { ...line, stroke: fade(colours['series-unobserved'], 0.7), width: 1 },
        { ...line, stroke: fade(colours['series-unobserved'], 0.7), width: 1 },
      ],
      bands: [{ series: [4, 3], fill: fade(colours['series-unobserved'], 0.25) }],
      hooks: { draw: [(plot) => this.drawCeiling(plot)] },
    };
  }

  private period(): [number, number] {
    const policy = this.frame?.detail.policy;
    return [policy?.periodStartsAtS ?? 0, policy?.periodEndsAtS ?? 1];
  }

  private top(): number {
    const policy = this.frame?.detail.policy;
    const amounts = [policy?.ceilingPico, policy?.spendPico, policy?.forecast?.highPico];
    return (1.12 * Math.max(1, ...amounts.map((pico) => Number(pico ?? 0)))) / PICO;
  }

  private timeAxis(): uPlot.Axis {
    return {
      font: AXIS_FONT,
      stroke: this.colours['ink-muted'],
      size: 28,
      gap: 6,
      space: 84,
      grid: { show: false },
      ticks: { stroke: this.colours.hairline, width: 1, size: 4 },
      values: (_plot, seconds) => seconds.map((second) => this.timeLabel(second)),
    };
  }

  private timeLabel(second: number): string {
    const [from, to] = this.period();
    const clock = this.frame?.clock;
    return (to - from > DAYS_FROM_S ? clock?.day(second) : clock?.minute(second)) ?? '';
  }

  private moneyAxis(): uPlot.Axis {
    return {
      font: AXIS_FONT,
      stroke: this.colours['ink-muted'],
      size: (_plot, labels) => 16 + 6.6 * Math.max(4, ...(labels ?? []).map((label) => label.length)),
      gap: 6,
      space: 48,
      grid: { stroke: this.colours.hairline, width: 1 },
      ticks: { show: false },
      values: (_plot, splits) => splits.map((value) => this.moneyLabel(value)),
    };
  }

  /** A label's place on the axis, which was chosen by the chart: no money that anybody paid. */
  private moneyLabel(units: number): string {
    const currency = this.frame?.detail.policy.currency ?? 'USD';
    return units === 0 ? '0' : formatCost(BigInt(Math.round(units * PICO)), currency);
  }

  private drawCeiling(plot: uPlot): void {
    const policy = this.frame?.detail.policy;
    if (policy === undefined) return;
    const ceiling = Number(policy.ceilingPico) / PICO;
    const { colours } = this;
    plot.ctx.save();
    for (const { percent, on } of policy.thresholds) {
      if (on !== 'Spend' || percent === 100) continue;
      drawLevel(plot, (ceiling * percent) / 100, {
        colour: colours.amber,
        text: `${percent} %`,
        dashed: true,
      });
    }
    const text = `Ceiling ${formatCost(BigInt(policy.ceilingPico), policy.currency)}`;
    drawLevel(plot, ceiling, { colour: policy.exceeded ? colours.red : colours.ink, text, dashed: false });
    plot.ctx.restore();
  }
}

interface Level {
  readonly colour: string;
  readonly text: string;
  readonly dashed: boolean;
}

function drawLevel(plot: uPlot, value: number, { colour, text, dashed }: Level): void {
  const { ctx, bbox } = plot;
  const ratio = window.devicePixelRatio;
  const y = Math.round(plot.valToPos(value, 'y', true));
  ctx.beginPath();
  ctx.strokeStyle = colour;
  ctx.lineWidth = (dashed ? 1 : 1.5) * ratio;
  ctx.setLineDash(dashed ? [3 * ratio, 3 * ratio] : []);
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.fillStyle = colour;
  ctx.font = `500 ${11 * ratio}px "Inter Variable", sans-serif`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  ctx.fillText(text, bbox.left + 6 * ratio, y - 3 * ratio);
}

/** The tokens as the element's theme resolves them now. */
function readColours(element: HTMLElement): Colours {
  const probe = document.createElement('span');
  probe.hidden = true;
  element.append(probe);
  const colours = Object.fromEntries(
    TOKENS.map((token) => {
      probe.style.color = `var(--${token})`;
      return [token, getComputedStyle(probe).color];
    }),
  ) as Colours;
  probe.remove();
  return colours;
}

function fade(colour: string, share: number): string {
  return `color-mix(in srgb, ${colour} ${share * 100}%, transparent)`;
}
