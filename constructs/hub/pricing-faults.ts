import type { Faults } from '../core/faults.js';
import type { KubeHeroHubProps } from './hub-props.js';
import { type PricingProps, publicSources } from './pricing-engine.js';

/** Bounds of the settings that the control plane reads. */
const MAX_UNIT = 1_000_000;
const MAX_NETWORK_RATE = 1000;

/** Every fault of the props of the pricing engine, and of what the control plane prices by. */
export function checkPricing(faults: Faults, hub: KubeHeroHubProps): void {
  const { pricing: props = {} } = hub;
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
  checkRates(faults, hub);
  const resources = { names: ['cpu', 'ram', 'gpu'], below: MAX_UNIT } as const;
  const classes = { names: ['crossZone', 'internet'], below: MAX_NETWORK_RATE } as const;
  checkAmounts(faults, 'unitPrices', hub.unitPrices, resources);
  checkAmounts(faults, 'resourceWeights', hub.resourceWeights, resources);
  checkAmounts(faults, 'networkRates', hub.networkRates, classes);
}

function checkRates(
  faults: Faults,
  { currency = 'USD', exchangeRates = {}, networkRates }: KubeHeroHubProps,
): void {
  for (const [code, rate] of Object.entries(exchangeRates)) {
    faults.check(/^[A-Z]{3}$/.test(code), 'exchangeRates', `'${code}' is no ISO 4217 code such as EUR`);
    faults.check(
      /^\d{1,12}(\.\d{1,12})?$/.test(rate) && /[1-9]/.test(rate),
      'exchangeRates',
      `'${rate}' of ${code} is no rate: write a plain decimal above zero such as 1.08`,
    );
  }
  const isPriced = currency === 'USD' || networkRates !== undefined || Object.hasOwn(exchangeRates, 'USD');
  faults.check(
    isPriced,
    'networkRates',
    `must be given, or USD in exchangeRates: the default rates of traffic are in USD, and this hub reports in ${currency}`,
  );
}

/** @param shape names that amounts are given for, and what each is below */
function checkAmounts<T extends object>(
  faults: Faults,
  prop: string,
  amounts: T | undefined,
  { names, below }: { readonly names: readonly (keyof T & string)[]; readonly below: number },
): void {
  if (amounts === undefined) return;
  for (const name of names) {
    const amount: unknown = amounts[name];
    faults.check(
      typeof amount === 'string' && /^\d{1,12}(\.\d{1,12})?$/.test(amount) && Number(amount) < below,
      `${prop}.${name}`,
      `'${String(amount)}' must be a plain decimal below ${below} such as '0.05'`,
    );
  }
  faults.check(
    prop === 'networkRates' || names.some((name) => Number(amounts[name]) !== 0),
    prop,
    'one of them must be above zero',
  );
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
