import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

/** How an offer file is generated. */
export interface OfferShape {
  readonly products: number;
  /** Reserved terms per product; they make up most of a true file. */
  readonly reservedTerms: number;
  readonly region: string;
  readonly location: string;
}

const SYSTEMS = [
  ['Linux', 'RunInstances'],
  ['Windows', 'RunInstances:0002'],
  ['RHEL', 'RunInstances:0010'],
  ['SUSE', 'RunInstances:000g'],
] as const;
const SOFTWARE = ['NA', 'SQL Std', 'SQL Web', 'SQL Ent'] as const;
const USAGE = [
  ['Shared', 'BoxUsage', 'Used'],
  ['Shared', 'UnusedBox', 'UnusedCapacityReservation'],
  ['Shared', 'Reservation', 'AllocatedCapacityReservation'],
  ['Dedicated', 'DedicatedUsage', 'Used'],
  ['Host', 'HostBoxUsage', 'Used'],
] as const;
const SIZES = [
  'large',
  'xlarge',
  '2xlarge',
  '4xlarge',
  '8xlarge',
  '12xlarge',
  '16xlarge',
  '24xlarge',
] as const;

const WAYS_TO_COMMIT: readonly Record<string, string>[] = [
  'No Upfront',
  'Partial Upfront',
  'All Upfront',
].flatMap((PurchaseOption) =>
  ['1yr', '3yr'].flatMap((LeaseContractLength) =>
    ['standard', 'convertible'].map((OfferingClass) => ({
      LeaseContractLength,
      PurchaseOption,
      OfferingClass,
    })),
  ),
);

function skuOf(index: number): string {
  return `K${index.toString(36).toUpperCase().padStart(15, '0')}`;
}

function product(index: number, shape: OfferShape): string {
  const [system, operation] = SYSTEMS[index % 4] ?? SYSTEMS[0];
  const software = SOFTWARE[Math.floor(index / 4) % 4] ?? 'NA';
  const [tenancy, usage, status] = USAGE[Math.floor(index / 16) % 5] ?? USAGE[0];
  const machine = Math.floor(index / 80);
  const type = `g${String(Math.floor(machine / SIZES.length))}.${SIZES[machine % SIZES.length] ?? 'large'}`;
  const attributes = {
    servicecode: 'AmazonEC2',
    location: shape.location,
    locationType: 'AWS Region',
    instanceType: type,
    currentGeneration: 'Yes',
    instanceFamily: 'General purpose',
    vcpu: '8',
    physicalProcessor: 'Intel Xeon Platinum 8175 (Skylake)',
    clockSpeed: '3.1 GHz',
    memory: '32 GiB',
    storage: 'EBS only',
    networkPerformance: 'Up to 10 Gigabit',
    processorArchitecture: '64-bit',
    tenancy,
    operatingSystem: system,
    licenseModel: 'No License required',
    usagetype: `${usage}:${type}`,
    operation: software === 'NA' ? operation : `${operation}:${software.slice(4)}`,
    availabilityzone: 'NA',
    capacitystatus: status,
    classicnetworkingsupport: 'false',
    dedicatedEbsThroughput: 'Up to 2120 Mbps',
    enhancedNetworkingSupported: 'Yes',
    gpuMemory: 'NA',
    intelAvxAvailable: 'Yes',
    intelAvx2Available: 'Yes',
    intelTurboAvailable: 'Yes',
    marketoption: 'OnDemand',
    normalizationSizeFactor: '8',
    preInstalledSw: software,
    processorFeatures: 'Intel AVX; Intel AVX2; Intel AVX512; Intel Turbo',
    regionCode: shape.region,
    servicename: 'Amazon Elastic Compute Cloud',
    vpcnetworkingsupport: 'true',
  };
  return `    "${skuOf(index)}" : ${JSON.stringify({ sku: skuOf(index), productFamily: 'Compute Instance', attributes }, undefined, 2)}`;
}

function price(index: number): string {
  const machine = Math.floor(index / 80);
  return `${String(1 + (machine % 9))}.${String(index % 80).padStart(2, '0')}60000000`;
}

function term(index: number, code: string, attributes: Record<string, string>): string {
  const sku = skuOf(index);
  const value = {
    offerTermCode: code,
    sku,
    effectiveDate: '2026-11-01T00:00:00Z',
    priceDimensions: {
      [`${sku}.${code}.6YS6EN2CT7`]: {
        rateCode: `${sku}.${code}.6YS6EN2CT7`,
        description: `$${price(index)} per instance hour, constructed for measuring the reader`,
        beginRange: '0',
        endRange: 'Inf',
        unit: 'Hrs',
        pricePerUnit: { USD: price(index) },
        appliesTo: [],
      },
    },
    termAttributes: attributes,
  };
  return `        "${sku}.${code}" : ${JSON.stringify(value, undefined, 2)}`;
}

function* document(shape: OfferShape): Generator<string> {
  yield '{\n  "formatVersion" : "v1.0",\n  "disclaimer" : "constructed for measuring",\n  "offerCode" : "AmazonEC2",\n';
  yield '  "version" : "20261101000000",\n  "publicationDate" : "2026-11-01T00:00:00Z",\n  "products" : {\n';
  for (let index = 0; index < shape.products; index += 1)
    yield `${index === 0 ? '' : ',\n'}${product(index, shape)}`;
  yield '\n  },\n  "terms" : {\n    "OnDemand" : {\n';
  for (let index = 0; index < shape.products; index += 1) {
    yield `${index === 0 ? '' : ',\n'}      "${skuOf(index)}" : {\n${term(index, 'JRTCKXETXF', {})}\n      }`;
  }
  yield '\n    },\n    "Reserved" : {\n';
  for (let index = 0; index < shape.products; index += 1) {
    const terms: string[] = [];
    for (let count = 0; count < shape.reservedTerms; count += 1) {
      terms.push(term(index, `RSVD${String(count)}`, WAYS_TO_COMMIT[count % WAYS_TO_COMMIT.length] ?? {}));
    }
    yield `${index === 0 ? '' : ',\n'}      "${skuOf(index)}" : {\n${terms.join(',\n')}\n      }`;
  }
  yield '\n    }\n  },\n  "attributesList" : { }\n}\n';
}

/** Writes an EC2 offer file of the true shape and order of keys; every value in it is invented. @returns its bytes */
export async function writeOfferFile(path: string, shape: OfferShape): Promise<number> {
  const stream = createWriteStream(path, { highWaterMark: 1024 * 1024 });
  let bytes = 0;
  let pending = '';
  const flush = async (): Promise<void> => {
    bytes += Buffer.byteLength(pending);
    if (!stream.write(pending)) await once(stream, 'drain');
    pending = '';
  };
  for (const text of document(shape)) {
    pending += text;
    if (pending.length > 512 * 1024) await flush();
  }
  await flush();
  stream.end();
  await once(stream, 'finish');
  return bytes;
}
