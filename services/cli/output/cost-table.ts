import type { query } from '@kubehero/rpc';

const MAX_ROWS = 40;
const SHOWN_DECIMALS = 9;

/** The answer as a table for a terminal: money is cut to nanodollars here and only here. */
export function renderCost(answer: query.GetCostResponse, keys: readonly string[]): string {
  const { coverage } = answer;
  const by = answer.rows.some(({ start }) => start !== '') ? ['start', ...keys] : keys;
  const lines = [
    `${answer.window?.from ?? ''} to ${answer.window?.to ?? ''}, ${answer.currency}, ` +
      `${coverage?.observedNodeSeconds ?? 0} of ${coverage?.expectedNodeSeconds ?? 0} node-seconds observed`,
    '',
    ...toTable([
      [...by.map((key) => key.toUpperCase()), 'COST', 'CPU CORE-S', 'MEMORY GIB-H', 'NETWORK MB'],
      ...answer.rows
        .slice(0, MAX_ROWS)
        .map((row) => [
          ...by.map((key) => (key === 'start' ? row.start : (row.keys[key] ?? ''))),
          shorten(row.costUsd),
          row.cpuCoreSeconds.toFixed(3),
          (Number(row.memoryByteSeconds) / 2 ** 30 / 3600).toFixed(4),
          (Number(row.networkBytes) / 1e6).toFixed(2),
        ]),
      [...by.map((_, at) => (at === 0 ? '(idle)' : '')), shorten(answer.idle?.costUsd ?? '0'), '', '', ''],
      [
        ...by.map((_, at) => (at === 0 ? '(unobserved)' : '')),
        shorten(answer.unobserved?.costUsd ?? '0'),
        '',
        '',
        '',
      ],
      [...by.map((_, at) => (at === 0 ? 'total' : '')), shorten(answer.total?.costUsd ?? '0'), '', '', ''],
    ]),
  ];
  if (answer.rows.length > MAX_ROWS)
    lines.push('', `${answer.rows.length - MAX_ROWS} more rows: --output json has all`);
  const unpriced = Number(answer.unpriced?.nodeSeconds ?? 0);
  if (unpriced > 0) lines.push('', `${unpriced} node-seconds have no price: see 'kubehero doctor'`);
  return `${lines.join('\n')}\n`;
}

function shorten(decimal: string): string {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return `${whole}.${fraction.padEnd(SHOWN_DECIMALS, '0').slice(0, SHOWN_DECIMALS)}`;
}

function toTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column >= row.length - 4 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
