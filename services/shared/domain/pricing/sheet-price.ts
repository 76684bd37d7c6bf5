import type { Catalogue } from './catalogue.js';
import {
  isInForce,
  matchesNode,
  type CustomSheet,
  type MatchSubject,
  type SheetUnits,
} from './custom-sheet.js';
import { add, formatDecimal, multiply, roundPrice, toDecimal, type Decimal } from './decimal.js';
import type { FoundPrice } from './found-price.js';
import type { NodeIdentity } from './node-identity.js';

/** A price that somebody stated. */
export function stated(
  list: Decimal,
  origin: { currency: string; source: 'annotation' | 'custom' | 'built-in'; version: string; sku: string },
): FoundPrice {
  return {
    list,
    currency: origin.currency,
    unit: 'hour',
    source: origin.source,
    sourceVersion: origin.version,
    sku: origin.sku,
    family: '',
  };
}

/** Price from the first entry of a custom sheet that fits; adds to `words` what came of it. */
export function fromSheets(
  sheets: readonly CustomSheet[],
  subject: MatchSubject,
  atMs: number,
  words: string[],
): FoundPrice | undefined {
  for (const sheet of sheets) {
    for (const entry of sheet.nodes) {
      if (!isInForce(entry, atMs) || !matchesNode(entry.match, subject)) continue;
      words.push(`custom sheet ${sheet.name}: ${entry.basis}`);
      const origin = {
        currency: sheet.currency,
        source: sheet.source,
        version: sheet.version,
        sku: sheet.name,
      };
      return stated(toDecimal(entry.pricePerHour), origin);
    }
  }
  words.push(sheets.length === 0 ? 'custom sheet: none' : 'custom sheet: no entry fits');
  return undefined;
}

/** Price from per-unit rates of a custom sheet; every GPU needs a rate. */
export function fromUnitPrices(
  catalogue: Catalogue,
  subject: MatchSubject,
  machine: Pick<NodeIdentity, 'vcpus' | 'memoryGib' | 'gpus' | 'notAMachine' | 'capacityType'>,
  options: { readonly atMs: number; readonly words: string[] },
): FoundPrice | undefined {
  const { atMs, words } = options;
  if (machine.notAMachine !== undefined || machine.capacityType.model === 'capacity-block') return undefined;
  if (machine.vcpus === undefined || machine.memoryGib === undefined) {
    words.push('unit prices: its CPUs and memory are not known');
    return undefined;
  }
  const { vcpus, memoryGib } = machine;
  for (const sheet of catalogue.sheets) {
    for (const units of sheet.units) {
      if (!isInForce(units, atMs) || !matchesNode(units.match, subject)) continue;
      const found = unitPrice(sheet, units, { vcpus, memoryGib, gpus: machine.gpus }, words);
      if (found !== undefined) return found;
    }
  }
  words.push('unit prices: none');
  return undefined;
}

function unitPrice(
  sheet: CustomSheet,
  units: SheetUnits,
  machine: { vcpus: string; memoryGib: string; gpus: Readonly<Record<string, number>> },
  words: string[],
): FoundPrice | undefined {
  const gpus = gpuCost(machine.gpus, units.gpuHour);
  if (gpus === undefined) {
    words.push(`unit prices of sheet ${sheet.name}: no rate for a GPU of this node`);
    return undefined;
  }
  const cpu = multiply(toDecimal(machine.vcpus), toDecimal(units.vcpuHour));
  const memory = multiply(toDecimal(machine.memoryGib), toDecimal(units.memoryGibHour));
  const sum = `${machine.vcpus} vCPU × ${units.vcpuHour} + ${machine.memoryGib} GiB × ${units.memoryGibHour}`;
  words.push(`unit prices of sheet ${sheet.name}: ${sum} + GPUs ${formatDecimal(gpus)}`);
  const origin = { currency: sheet.currency, source: sheet.source, version: sheet.version };
  return stated(roundPrice(add(add(cpu, memory), gpus)), { ...origin, sku: `${sheet.name}/units` });
}

function gpuCost(
  gpus: Readonly<Record<string, number>>,
  rates: Readonly<Record<string, string>>,
): Decimal | undefined {
  let total = toDecimal('0');
  for (const [model, count] of Object.entries(gpus)) {
    const rate = Object.hasOwn(rates, model) ? rates[model] : rates['*'];
    if (rate === undefined) return undefined;
    total = add(total, multiply(toDecimal(rate), toDecimal(String(count))));
  }
  return total;
}
