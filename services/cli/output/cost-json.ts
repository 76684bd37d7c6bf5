import type { query } from '@kubehero/rpc';

/** The documented JSON of `kubehero cost`: grouping keys stand beside the sums, not in an object of their own. */
export function toCostJson(answer: query.GetCostResponse): Record<string, unknown> {
  return {
    window: answer.window,
    currency: answer.currency,
    coverage: {
      expectedNodeSeconds: Number(answer.coverage?.expectedNodeSeconds ?? 0),
      observedNodeSeconds: Number(answer.coverage?.observedNodeSeconds ?? 0),
    },
    rows: answer.rows.map(({ keys, memoryByteSeconds, networkBytes, start, ...row }) => ({
      ...keys,
      ...(start === '' ? {} : { start }),
      ...row,
      memoryByteSeconds: toNumberOrDigits(memoryByteSeconds),
      networkBytes: toNumberOrDigits(networkBytes),
    })),
    idle: answer.idle,
    unobserved: { ...answer.unobserved, nodeSeconds: Number(answer.unobserved?.nodeSeconds ?? 0) },
    unpriced: { nodeSeconds: Number(answer.unpriced?.nodeSeconds ?? 0) },
    total: answer.total,
  };
}

/** Integers above 2^53 are strings, so that no reader rounds them. */
function toNumberOrDigits(digits: string): number | string {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : digits;
}
