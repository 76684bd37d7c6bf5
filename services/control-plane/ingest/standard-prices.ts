import { environmentNames } from '@kubehero/contract';
import { convertPrice, MAX_NETWORK_RATE, parsePicounits } from '@kubehero/domain';
import { SettingsError, type SettingFault } from '@kubehero/runtime';
import type { PriceSettings } from '../prices/price-settings.js';
import type { NetworkPrices, PriceSourceOptions, Stated, UnitPrices } from './price-source.js';

/**
 * OpenCost's defaults for custom pricing (configs/default.json: CPU 0.031611, RAM 0.004237, GPU 0.95 USD an hour),
 * which derive from GCP's list for us-central1.
 */
const UNIT_PRICES_USD: UnitPrices = { perCoreHour: '0.031611', perGibHour: '0.004237', perGpuHour: '0.95' };
/** As AWS lists traffic between zones and to the internet (first tier), USD per GB of 2^30 bytes. */
const NETWORK_USD: NetworkPrices = { crossZone: '0.01', internet: '0.09' };

/** What prices are made of beside the catalogue. */
export interface PriceMatters extends Partial<PriceSettings> {
  /** Reporting currency. */
  readonly currency: string;
  /** Into the reporting currency, by currency code. @default - none */
  readonly exchangeRates?: Readonly<Record<string, string>>;
}

/**
 * Unit prices, weights and network rates: as they are configured, else the defaults, which are in USD and are
 * converted where the hub reports in another currency.
 *
 * @throws SettingsError with all faults, where a default is needed that no rate converts: traffic that costs nothing
 *   because nobody said what it costs would be a wrong number
 */
export function standardPrices(matters: PriceMatters): PriceSourceOptions {
  const { currency, exchangeRates = {}, unitPrices, resourceWeights, networkRates } = matters;
  const rate = currency === 'USD' ? '1' : exchangeRates['USD'];
  const origin = currency === 'USD' ? 'default' : `default, converted at ${rate ?? '?'} ${currency} per USD`;
  const units: Stated<UnitPrices> | undefined =
    toStated(unitPrices) ?? (rate === undefined ? undefined : converted(UNIT_PRICES_USD, rate, origin));
  const network = toStated(networkRates) ?? converted(NETWORK_USD, rate ?? '0', origin);
  const faults = faultsOf(matters, rate, network.value);
  if (faults.length > 0) throw new SettingsError(faults);
  return {
    currency,
    exchangeRates,
    unitPrices: units,
    weights: toStated(resourceWeights) ?? {
      value: unitPrices ?? UNIT_PRICES_USD,
      origin: unitPrices === undefined ? 'ratio of the default unit prices' : 'ratio of the unit prices',
    },
    network,
  };
}

function faultsOf(
  { currency, networkRates }: PriceMatters,
  rate: string | undefined,
  network: NetworkPrices,
): SettingFault[] {
  if (networkRates !== undefined) return [];
  const remedy = `set ${environmentNames.networkRates} to what a GB costs in ${currency}, for example crossZone=0.01,internet=0.09`;
  if (rate === undefined) {
    return [
      {
        source: environmentNames.currency,
        message: `'${currency}' leaves traffic without a price, because the default rates are in USD: ${remedy}, or give USD in ${environmentNames.exchangeRates}`,
      },
    ];
  }
  if (parsePicounits(network.internet) < MAX_NETWORK_RATE) return [];
  return [
    {
      source: environmentNames.exchangeRates,
      message: `'USD=${rate}' makes the default rate of traffic too large: ${remedy}`,
    },
  ];
}

function toStated<T>(value: T | undefined): Stated<T> | undefined {
  return value === undefined ? undefined : { value, origin: 'configured' };
}

function converted<T extends object>(prices: T, rate: string, origin: string): Stated<T> {
  const entries = Object.entries(prices).map(([name, price]) => [
    name,
    rate === '1' ? String(price) : convertPrice({ from: 'USD', to: '', rate, price: String(price) }),
  ]);
  return { value: Object.fromEntries(entries) as T, origin };
}
