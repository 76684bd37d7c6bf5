import type { PolicyDetailMessage } from './budget-messages.js';

/** A column of a chart; null where there is nothing. */
export type Column = (number | null)[];

/** Times, spend, the expected course and its interval, in units of the currency: for drawing, never for figures. */
export type SpendColumns = [atS: number[], spend: Column, expected: Column, low: Column, high: Column];

const PICO = 1e12;

/** Columns of a policy's chart. The forecast begins where spend ends and leads to the period's end. */
export function toSpendColumns({ policy, points }: PolicyDetailMessage): SpendColumns {
  const atS = points.map((point) => point.atS);
  const spend: Column = points.map(({ spendPico }) => Number(spendPico) / PICO);
  const ahead: Column = spend.map((value, at) => (at === spend.length - 1 ? value : null));
  const { forecast, periodEndsAtS } = policy;
  if (forecast === null || periodEndsAtS <= (atS.at(-1) ?? periodEndsAtS)) {
    const nothing: Column = spend.map(() => null);
    return [atS, spend, nothing, nothing, nothing];
  }
  const lead = (pico: string): Column => [...ahead, Number(pico) / PICO];
  return [
    [...atS, periodEndsAtS],
    [...spend, null],
    lead(forecast.expectedPico),
    lead(forecast.lowPico),
    lead(forecast.highPico),
  ];
}
