import { formatPicounits } from '@kubehero/domain';
import type { pricing } from '@kubehero/rpc';
import { toTable } from './table.js';

const SHOWN_DECIMALS = 6;
const MAX_ROWS = 40;

/** A reprice as a table for a terminal: money is cut to millionths here and only here. */
export function renderReprice(reprice: pricing.Reprice): string {
  const { id, from, to, clusters, dryRun, currency, status } = reprice;
  const verb = dryRun ? 'would be priced again' : 'priced again';
  const lines = [
    `reprice ${id}${dryRun ? ' (dry run: nothing was changed)' : ''}, ${status}: ${from} to ${to}, ${clusters.join(', ')}`,
    `${reprice.rows} rows of ${reprice.minutesDone} of ${reprice.minutes} minutes ${verb}, ${currency}`,
    '',
    ...toTable([
      ['NODE', 'CLUSTER', 'BEFORE', 'AFTER', 'CHANGE'],
      ...reprice.byNode.slice(0, MAX_ROWS).map(toRow),
    ]),
    '',
    ...toTable([
      ['NAMESPACE', 'CLUSTER', 'BEFORE', 'AFTER', 'CHANGE'],
      ...reprice.byNamespace.slice(0, MAX_ROWS).map(toRow),
      toRow({ ...reprice, name: 'total', cluster: '' }),
    ]),
  ];
  if (Math.max(reprice.byNode.length, reprice.byNamespace.length) > MAX_ROWS)
    lines.push('', `more rows: --output json has all`);
  if (reprice.keptNodes.length > 0) {
    lines.push('', `without a price now, and kept as they were: ${reprice.keptNodes.join(', ')}`);
  }
  return `${lines.join('\n')}\n`;
}

/** A reprice as JSON: integers of 10^-12 as digits, and the same as plain decimals. */
export function toRepriceJson(reprice: pricing.Reprice): object {
  const { byNode, byNamespace, rows, beforePicodollars, afterPicodollars, ...facts } = reprice;
  return {
    ...facts,
    rows: Number(rows),
    byNode: byNode.map(toJson),
    byNamespace: byNamespace.map(toJson),
    total: toJson({ beforePicodollars, afterPicodollars }),
  };
}

type Sum = Pick<pricing.RepriceSum, 'beforePicodollars' | 'afterPicodollars'>;

function toJson({ beforePicodollars, afterPicodollars, ...name }: Sum & Partial<pricing.RepriceSum>): object {
  return {
    ...name,
    ...(name.rows === undefined ? {} : { rows: Number(name.rows) }),
    beforePicodollars,
    beforeUsd: formatPicounits(BigInt(beforePicodollars)),
    afterPicodollars,
    afterUsd: formatPicounits(BigInt(afterPicodollars)),
  };
}

function toRow(sum: Sum & { readonly name: string; readonly cluster: string }): readonly string[] {
  const [before, after] = [BigInt(sum.beforePicodollars), BigInt(sum.afterPicodollars)];
  return [
    sum.name,
    sum.cluster,
    shorten(before),
    shorten(after),
    `${after < before ? '' : '+'}${shorten(after - before)}`,
  ];
}

function shorten(picounits: bigint): string {
  const [whole = '0', fraction = ''] = formatPicounits(picounits).split('.');
  return `${whole}.${fraction.padEnd(SHOWN_DECIMALS, '0').slice(0, SHOWN_DECIMALS)}`;
}
