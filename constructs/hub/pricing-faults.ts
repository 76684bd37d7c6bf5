import type { Faults } from '../core/faults.js';
import { type PricingProps, publicSources } from './pricing-engine.js';

/** Every fault of the props of the pricing engine, and of the rates that prices are converted by. */
export function checkPricing(
  faults: Faults,
  props: PricingProps,
  exchangeRates: Readonly<Record<string, string>>,
): void {
  checkSources(faults, props);
  for (const key of [
    'customSheetConfigMap',
    'snapshotClaim',
    'snapshotKeyConfigMap',
    'gcpKeySecret',
    'gcpAccountSecret',
    'awsCredentialsSecret',
    'caConfigMap',
  ] as const)
    faults.dnsName(`pricing.${key}`, props[key]);
  if (props.schedule !== undefined) checkCron(faults, 'pricing.schedule', props.schedule, 5);
  for (const key of ['awsRegions', 'azureRegions'] as const) {
    for (const region of props[key] ?? [])
      faults.check(
        /^[a-z0-9-]{1,64}$/.test(region),
        `pricing.${key}`,
        `'${region}' is no region: write us-east-1 or westeurope`,
      );
  }
  checkOrigins(faults, props);
  faults.cidrs('pricing.egressCidrs', props.egressCidrs);
  faults.ports('pricing.egressPorts', props.egressPorts);
  for (const [code, rate] of Object.entries(exchangeRates)) {
    faults.check(/^[A-Z]{3}$/.test(code), 'exchangeRates', `'${code}' is no ISO 4217 code such as EUR`);
    faults.check(
      /^\d{1,12}(\.\d{1,12})?$/.test(rate) && /[1-9]/.test(rate),
      'exchangeRates',
      `'${rate}' of ${code} is no rate: write a plain decimal above zero such as 1.08`,
    );
  }
}

function checkSources(faults: Faults, props: PricingProps): void {
  const { sources } = props;
  const known = [...publicSources, 'custom', 'snapshot'];
  for (const source of sources ?? [])
    faults.check(
      known.includes(source),
      'pricing.sources',
      `'${source}' is unknown: use ${known.join(', ')}`,
    );
  faults.check(sources?.length !== 0, 'pricing.sources', 'must not be empty: nothing would have a price');
  if (sources?.includes('custom'))
    faults.check(
      props.customSheetConfigMap !== undefined,
      'pricing.customSheetConfigMap',
      "the source 'custom' needs its price sheet",
    );
}

/** Proxy and mirrors: origins without a path, and without a password, which would stand in the manifest. */
function checkOrigins(faults: Faults, props: PricingProps): void {
  const origins = Object.entries({ 'pricing.proxy': props.proxy, ...prefixed(props.mirrors ?? {}) });
  for (const [prop, value] of origins) {
    if (value === undefined) continue;
    faults.check(
      /^https?:\/\/[^\s/@?#]+\/?$/.test(value) && URL.canParse(value),
      prop,
      `'${value.replace(/\/\/[^/]*@/, '//…@')}' is no origin: write https://prices.example.com, without path, user or password`,
    );
  }
}

function prefixed(mirrors: NonNullable<PricingProps['mirrors']>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(mirrors).map(([key, value]) => [`pricing.mirrors.${key}`, value]));
}

/** Least and greatest number of second, minute, hour, day, month and day of the week. */
const cronBounds = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

function isCronField(field: string, [low, high]: readonly [number, number]): boolean {
  return field.split(',').every((part) => {
    const [, from, to, step] =
      /^(\*|\d+|[A-Za-z]{3})(?:-(\d+|[A-Za-z]{3}))?(?:\/([1-9]\d*))?$/.exec(part) ?? [];
    const numbers = [from, to].filter((value) => value !== undefined && /^\d/.test(value)).map(Number);
    const isOrdered = numbers.length < 2 || (numbers[0] as number) <= (numbers[1] as number);
    return (
      from !== undefined &&
      isOrdered &&
      Number(step ?? 1) <= high &&
      numbers.every((n) => n >= low && n <= high)
    );
  });
}

/** A cron expression with a number of fields. */
export function checkCron(faults: Faults, prop: string, schedule: string, fields: number): void {
  const parts = schedule.trim().split(/\s+/);
  if (!faults.check(parts.length === fields, prop, `'${schedule}' is no schedule: it needs ${fields} fields`))
    return;
  const bounds = cronBounds.slice(-fields);
  const wrong = parts.find((part, i) => !isCronField(part, bounds[i] ?? [0, 0]));
  faults.check(
    wrong === undefined,
    prop,
    `'${wrong ?? ''}' of '${schedule}' is out of bounds: write 17 0,6,12,18 * * *`,
  );
}
