import { environmentNames } from '@kubehero/contract';
import { MAX_NETWORK_RATE, parsePicounits, PICOUNITS_PER_UNIT } from '@kubehero/domain';
import { BadValueError, optionalSetting, type Setting, type SettingsOf } from '@kubehero/runtime';
import type { NetworkPrices, UnitPrices } from '../ingest/price-source.js';

/** How several amounts are given as one value: `cpu=0.03,ram=0.004,gpu=0.95`. */
interface AmountsShape<T> {
  readonly flag: string;
  readonly env: string;
  readonly reason: string;
  /** Name in the value, by the name in the program. */
  readonly names: Readonly<Record<keyof T & string, string>>;
  /** Every amount MUST be below it, picounits. */
  readonly below: bigint;
  /** Whether all amounts may be zero. */
  readonly mayBeNothing: boolean;
  readonly example: string;
}

const RESOURCES = { perCoreHour: 'cpu', perGibHour: 'ram', perGpuHour: 'gpu' } as const;
/** Above what a unit costs in any currency that is in use. */
const UNIT_BOUND = 1_000_000n * PICOUNITS_PER_UNIT;

/** What is charged where the catalogue says nothing; read by `kubehero control-plane` and `kubehero up`. */
export const priceSettings: {
  readonly unitPrices: Setting<UnitPrices | undefined>;
  readonly resourceWeights: Setting<UnitPrices | undefined>;
  readonly networkRates: Setting<NetworkPrices | undefined>;
} = {
  unitPrices: amountsSetting<UnitPrices>({
    flag: 'unit-prices',
    env: environmentNames.unitPrices,
    reason:
      'price of a vCPU-hour, a GiB-hour and a GPU-hour, for nodes that nothing else prices; default: 0.031611, 0.004237 and 0.95 USD',
    names: RESOURCES,
    below: UNIT_BOUND,
    mayBeNothing: false,
    example: 'cpu=0.031611,ram=0.004237,gpu=0.95',
  }),
  resourceWeights: amountsSetting<UnitPrices>({
    flag: 'resource-weights',
    env: environmentNames.resourceWeights,
    reason:
      "ratio by which a node's price splits over a vCPU, a GiB and a GPU; default: the ratio of the unit prices",
    names: RESOURCES,
    below: UNIT_BOUND,
    mayBeNothing: false,
    example: 'cpu=7.5,ram=1,gpu=220',
  }),
  networkRates: amountsSetting<NetworkPrices>({
    flag: 'network-rates',
    env: environmentNames.networkRates,
    reason:
      'price per GB (2^30 bytes) to or from another zone, and to the internet; default: 0.01 and 0.09 USD',
    names: { crossZone: 'crossZone', internet: 'internet' },
    below: MAX_NETWORK_RATE,
    mayBeNothing: true,
    example: 'crossZone=0.01,internet=0.09',
  }),
};

/** Settings of prices. */
export type PriceSettings = SettingsOf<typeof priceSettings>;

function amountsSetting<T extends object>(shape: AmountsShape<T>): Setting<T | undefined> {
  const { flag, env, reason, names } = shape;
  const unit = Object.values(names)
    .map((name) => `${String(name)}=…`)
    .join(',');
  return optionalSetting({
    flag,
    env,
    reason,
    unit,
    parse: (text: string) => parseAmounts(text, shape),
    show: () => shape.example,
  });
}

/** @throws BadValueError that names every part that is wrong */
function parseAmounts<T extends object>(text: string, shape: AmountsShape<T>): T {
  const { example, below, mayBeNothing } = shape;
  const names = Object.entries(shape.names) as [keyof T & string, string][];
  const parts = text.split(',').map((part) => part.trim().split('=', 2) as [string, string | undefined]);
  const given = new Map(parts);
  const wanted = names.map(([, name]) => name);
  const wrong = [
    ...parts.filter(([name]) => !wanted.includes(name)).map(([name]) => `'${name}' is not known`),
    ...(given.size < parts.length ? ['a name stands there twice'] : []),
    ...wanted.flatMap((name) =>
      given.has(name) ? faultOf(name, given.get(name) ?? '', below) : `${name} is missing`,
    ),
  ];
  const amounts = names.map(([key, name]) => [key, given.get(name)] as const);
  if (wrong.length === 0 && !mayBeNothing && amounts.every(([, amount]) => /^[0.]*$/.test(amount ?? ''))) {
    wrong.push('one of them must be above zero');
  }
  if (wrong.length > 0)
    throw new BadValueError(`${wrong.join(', ')}: give plain decimals such as ${example}`);
  return Object.fromEntries(amounts) as T;
}

function faultOf(name: string, amount: string, below: bigint): string[] {
  if (!/^\d{1,12}(\.\d{1,12})?$/.test(amount)) return [`${name} is no plain decimal`];
  return parsePicounits(amount) < below ? [] : [`${name} must be below ${below / PICOUNITS_PER_UNIT}`];
}
