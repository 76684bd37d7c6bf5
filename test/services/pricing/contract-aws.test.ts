import { describe, expect, it } from '@jest/globals';
import { answersOf, pricesOf, type RefreshStep } from '../../support/pricing/contract.js';
import { M5_LARGE, reservedTerm } from '../../support/pricing/samples.js';

// Constructed to the shape of the published files: attributes and oddities are theirs, SKUs are invented.
interface Listed {
  readonly sku: string;
  readonly family?: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly unit?: string;
  /** Price, or prices of tiers by the usage that they begin at. */
  readonly price: string | Readonly<Record<string, string>>;
  readonly currency?: string;
}

function onDemand({ sku, unit = 'Hrs', price, currency = 'USD' }: Listed): object {
  const tiers = typeof price === 'string' ? { '0': price } : price;
  const code = `${sku}.JRTCKXETXF`;
  const starts = Object.keys(tiers);
  const dimensions = Object.entries(tiers).map(([beginRange, amount], index) => [
    `${code}.RATE${String(index)}`,
    {
      rateCode: `${code}.RATE${String(index)}`,
      description: 'constructed',
      beginRange,
      endRange: starts[index + 1] ?? 'Inf',
      unit,
      pricePerUnit: { [currency]: amount },
      appliesTo: [],
    },
  ]);
  return {
    [code]: {
      offerTermCode: 'JRTCKXETXF',
      sku,
      effectiveDate: '2026-11-01T00:00:00Z',
      priceDimensions: Object.fromEntries(dimensions) as object,
      termAttributes: {},
    },
  };
}

function file(offerCode: string, listed: readonly Listed[], reserved: object = {}): object {
  return {
    formatVersion: 'v1.0',
    disclaimer: 'constructed',
    offerCode,
    version: '20261118180530',
    publicationDate: '2026-11-18T18:05:30Z',
    products: Object.fromEntries(
      listed.map(({ sku, family, attributes }) => [
        sku,
        { sku, productFamily: family ?? 'Compute Instance', attributes },
      ]),
    ),
    terms: {
      OnDemand: Object.fromEntries(listed.map((one) => [one.sku, onDemand(one)])),
      Reserved: reserved,
    },
    attributesList: {},
  };
}

const US = {
  ...M5_LARGE,
  location: 'US East (N. Virginia)',
  regionCode: 'us-east-1',
  usagetype: 'BoxUsage:m5.large',
  processorArchitecture: '64-bit',
  availabilityzone: 'NA',
};
const place = { location: 'US East (N. Virginia)', locationType: 'AWS Region', regionCode: 'us-east-1' };

const EC2: readonly Listed[] = [
  { sku: 'LINUX', attributes: US, price: '0.0960000000' },
  {
    sku: 'WINDOWS',
    attributes: { ...US, operatingSystem: 'Windows', operation: 'RunInstances:0002' },
    price: '0.1880000000',
  },
  {
    sku: 'BYOL',
    attributes: {
      ...US,
      operatingSystem: 'Windows',
      operation: 'RunInstances:0800',
      licenseModel: 'Bring your own license',
    },
    price: '0.0960000000',
  },
  {
    sku: 'RHEL',
    attributes: { ...US, operatingSystem: 'RHEL', operation: 'RunInstances:0010' },
    price: '0.1248000000',
  },
  {
    sku: 'RHELHA',
    attributes: {
      ...US,
      operatingSystem: 'Red Hat Enterprise Linux with HA',
      operation: 'RunInstances:1010',
    },
    price: '0.1598000000',
  },
  {
    sku: 'SUSE',
    attributes: { ...US, operatingSystem: 'SUSE', operation: 'RunInstances:000g' },
    price: '0.1523000000',
  },
  {
    sku: 'UBUNTUPRO',
    attributes: { ...US, operatingSystem: 'Ubuntu Pro', operation: 'RunInstances:0g00' },
    price: '0.0995000000',
  },
  {
    sku: 'SQL',
    attributes: { ...US, preInstalledSw: 'SQL Std', operation: 'RunInstances:0004' },
    price: '0.5760000000',
  },
  {
    sku: 'UNUSED',
    attributes: { ...US, usagetype: 'UnusedBox:m5.large', capacitystatus: 'UnusedCapacityReservation' },
    price: '0.0960000000',
  },
  {
    sku: 'ALLOCATED',
    attributes: { ...US, usagetype: 'Reservation:m5.large', capacitystatus: 'AllocatedCapacityReservation' },
    price: '0.0000000000',
  },
  {
    sku: 'DEDICATED',
    attributes: { ...US, tenancy: 'Dedicated', usagetype: 'DedicatedUsage:m5.large' },
    price: '0.1020000000',
  },
  {
    sku: 'HOST',
    attributes: { ...US, tenancy: 'Host', usagetype: 'HostBoxUsage:m5.large' },
    price: '0.0000000000',
  },
  {
    sku: 'METAL',
    family: 'Compute Instance (bare metal)',
    attributes: { ...US, instanceType: 'm5.metal', usagetype: 'BoxUsage:m5.metal' },
    price: '4.6080000000',
  },
  {
    sku: 'BLOCK',
    attributes: {
      ...US,
      instanceType: 'p4d.24xlarge',
      usagetype: 'BoxUsage:p4d.24xlarge',
      operation: 'RunInstances:CB',
      marketoption: 'CapacityBlock',
    },
    price: '0.0000000000',
  },
  {
    sku: 'BOSTON',
    attributes: {
      ...US,
      location: 'US East (Boston)',
      locationType: 'AWS Local Zone',
      regionCode: 'us-east-1-bos-1',
      usagetype: 'BOS1-BoxUsage:m5.large',
    },
    price: '0.1200000000',
  },
  {
    sku: 'EBSOPT',
    attributes: { ...US, operatingSystem: 'NA', tenancy: 'NA', usagetype: 'EBSOptimized:m5.large' },
    price: '0.0000000000',
  },
  {
    sku: 'GP3',
    family: 'Storage',
    attributes: { ...place, volumeApiName: 'gp3', usagetype: 'EBS:VolumeUsage.gp3' },
    unit: 'GB-Mo',
    price: '0.0800000000',
  },
  {
    sku: 'IO2',
    family: 'Storage',
    attributes: { ...place, volumeApiName: 'io2', usagetype: 'EBS:VolumeUsage.io2' },
    unit: 'GB-month',
    price: '0.1250000000',
  },
  {
    sku: 'MAGNETIC',
    family: 'Storage',
    attributes: { ...place, volumeApiName: 'standard', usagetype: 'EBS:VolumeUsage' },
    unit: 'GB-Mo',
    price: '0.0500000000',
  },
  {
    sku: 'GP3IOPS',
    family: 'System Operation',
    attributes: { ...place, volumeApiName: 'gp3', group: 'EBS IOPS', usagetype: 'EBS:VolumeP-IOPS.gp3' },
    unit: 'IOPS-Mo',
    price: '0.0050000000',
  },
  {
    sku: 'IO2TIER1',
    family: 'System Operation',
    attributes: { ...place, volumeApiName: 'io2', group: 'EBS IOPS', usagetype: 'EBS:VolumeP-IOPS.io2' },
    unit: 'IOPS-Mo',
    price: '0.0650000000',
  },
  {
    sku: 'IO2TIER2',
    family: 'System Operation',
    attributes: {
      ...place,
      volumeApiName: 'io2',
      group: 'EBS IOPS Tier 2',
      usagetype: 'EBS:VolumeP-IOPS.io2.tier2',
    },
    unit: 'IOPS-Mo',
    price: '0.0455000000',
  },
  {
    sku: 'GP3THROUGHPUT',
    family: 'Provisioned Throughput',
    attributes: {
      ...place,
      volumeApiName: 'gp3',
      group: 'EBS Throughput',
      usagetype: 'EBS:VolumeP-Throughput.gp3',
    },
    unit: 'GiBps-mo',
    price: '40.9600000000',
  },
  {
    sku: 'SNAPSHOT',
    family: 'Storage Snapshot',
    attributes: { ...place, usagetype: 'EBS:SnapshotUsage' },
    unit: 'GB-Mo',
    price: '0.0500000000',
  },
  {
    sku: 'SNAPSHOTOUTPOST',
    family: 'Storage Snapshot',
    attributes: { ...place, usagetype: 'EBS:SnapshotUsage.outposts' },
    unit: 'GB-Mo',
    price: '0.0250000000',
  },
  {
    sku: 'FASTRESTORE',
    family: 'Fast Snapshot Restore',
    attributes: { ...place, usagetype: 'EBS:FastSnapshotRestore' },
    unit: 'hours',
    price: '0.7500000000',
  },
];

const ELB: readonly Listed[] = [
  {
    sku: 'ALB',
    family: 'Load Balancer-Application',
    attributes: { ...place, operation: 'LoadBalancing:Application', usagetype: 'LoadBalancerUsage' },
    price: '0.0225000000',
  },
  {
    sku: 'ALBLCU',
    family: 'Load Balancer-Application',
    attributes: { ...place, operation: 'LoadBalancing:Application', usagetype: 'LCUUsage' },
    unit: 'LCU-Hrs',
    price: '0.0080000000',
  },
  {
    sku: 'ALBOUTPOST',
    family: 'Load Balancer-Application',
    attributes: { ...place, operation: 'LoadBalancing:Application', usagetype: 'Outposts-LoadBalancerUsage' },
    price: '0.0225000000',
  },
  {
    sku: 'NLB',
    family: 'Load Balancer-Network',
    attributes: { ...place, operation: 'LoadBalancing:Network', usagetype: 'LoadBalancerUsage' },
    price: '0.0225000000',
  },
  {
    sku: 'CLASSIC',
    family: 'Load Balancer',
    attributes: { ...place, operation: 'LoadBalancing', usagetype: 'LoadBalancerUsage' },
    price: '0.0250000000',
  },
];

const EKS: readonly Listed[] = [
  {
    sku: 'CLUSTER',
    family: 'Compute',
    attributes: { ...place, operation: 'CreateOperation', usagetype: 'USE1-AmazonEKS-Hours:perCluster' },
    unit: 'Hours',
    price: '0.1000000000',
  },
  {
    sku: 'OUTPOST',
    family: 'Compute',
    attributes: {
      ...place,
      operation: 'CreateOperation',
      usagetype: 'USE1-Outposts-AmazonEKS-Hours:perCluster',
    },
    unit: 'Hours',
    price: '0.1000000000',
  },
  {
    sku: 'EXTENDED',
    family: 'Compute',
    attributes: {
      ...place,
      operation: 'ExtendedSupport',
      tiertype: 'HAExtended',
      usagetype: 'USE1-AmazonEKS-Hours:extendedSupport',
    },
    unit: 'Hours',
    price: '0.5000000000',
  },
];

function transfer(
  sku: string,
  to: string,
  price: Listed['price'],
  more: Record<string, string> = {},
): Listed {
  return {
    sku,
    family: 'Data Transfer',
    attributes: {
      servicecode: 'AWSDataTransfer',
      fromLocation: 'US East (N. Virginia)',
      fromLocationType: 'AWS Region',
      fromRegionCode: 'us-east-1',
      toLocation: to,
      toLocationType: 'AWS Region',
      transferType: 'InterRegion Outbound',
      operation: '',
      ...more,
    },
    unit: 'GB',
    price,
  };
}

const TRANSFER: readonly Listed[] = [
  transfer('ZONE', 'US East (N. Virginia)', '0.0100000000', {
    transferType: 'IntraRegion',
    usagetype: 'DataTransfer-Regional-Bytes',
  }),
  transfer('OHIO', 'US East (Ohio)', '0.0100000000', {
    toRegionCode: 'us-east-2',
    usagetype: 'USE1-USE2-AWS-Out-Bytes',
  }),
  transfer('OREGON', 'US West (Oregon)', '0.0200000000', {
    toRegionCode: 'us-west-2',
    usagetype: 'USE1-USW2-AWS-Out-Bytes',
  }),
  transfer('IRELAND', 'EU (Ireland)', '0.0200000000', {
    toRegionCode: 'eu-west-1',
    usagetype: 'USE1-EU-AWS-Out-Bytes',
  }),
  transfer('INBOUND', 'US East (N. Virginia)', '0.0000000000', {
    fromLocation: 'EU (Ireland)',
    fromRegionCode: 'eu-west-1',
    toRegionCode: 'us-east-1',
    transferType: 'InterRegion Inbound',
    usagetype: 'USE1-EU-AWS-In-Bytes',
  }),
  transfer(
    'INTERNET',
    'External',
    { '0': '0.0900000000', '10240': '0.0850000000', '51200': '0.0700000000', '153600': '0.0500000000' },
    { toLocationType: 'Other', transferType: 'AWS Outbound', usagetype: 'DataTransfer-Out-Bytes' },
  ),
];

const VPC: readonly Listed[] = [
  {
    sku: 'NATHOUR',
    family: 'NAT Gateway',
    attributes: { ...place, operation: 'NatGateway', usagetype: 'NatGateway-Hours' },
    price: '0.0450000000',
  },
  {
    sku: 'NATGB',
    family: 'NAT Gateway',
    attributes: { ...place, operation: 'NatGateway', usagetype: 'NatGateway-Bytes' },
    unit: 'GB',
    price: '0.0450000000',
  },
  {
    sku: 'IP',
    family: 'VpcPublicIPv4Address',
    attributes: { ...place, group: 'VPCPublicIPv4Address', usagetype: 'USE1-PublicIPv4:InUseAddress' },
    price: '0.0050000000',
  },
];

const OFFERS: RefreshStep = {
  source: 'aws-offer',
  files: [
    file('AmazonEC2', EC2, {
      LINUX: reservedTerm('LINUX', { term: '1yr', payment: 'All Upfront', hourly: '0', upfront: '495' }),
    }),
    file('AWSELB', ELB),
    file('AmazonEKS', EKS),
    file('AWSDataTransfer', TRANSFER),
    file('AmazonVPC', VPC),
  ],
};

const machine = (more: object = {}): object => ({
  provider: 'aws',
  region: 'us-east-1',
  zone: 'us-east-1a',
  instanceType: 'm5.large',
  os: 'linux',
  purchaseModel: 'on-demand',
  ...more,
});
const thing = (resource: string, name?: string): object => ({
  provider: 'aws',
  region: 'us-east-1',
  resource,
  ...(name === undefined ? {} : { name }),
});

describe('AWS files through refresh and lookup', () => {
  it('offer files: machines by system, zone and shape; what is no plain machine prices none', async () => {
    const { found, expected } = await pricesOf(
      [OFFERS],
      [
        [machine(), '0.096'],
        [machine({ os: 'windows' }), '0.188'],
        [machine({ os: 'rhel' }), '0.1248'],
        [machine({ os: 'suse' }), '0.1523'],
        [machine({ tenancy: 'dedicated' }), '0.102'],
        [machine({ instanceType: 'm5.metal' }), '4.608'],
        [machine({ instanceType: 'p4d.24xlarge' }), null],
        [machine({ zone: 'us-east-1-bos-1a' }), '0.12'],
        [machine({ zone: 'us-east-1-mia-1a' }), null],
        [machine({ purchaseModel: 'spot' }), null],
        [machine({ region: 'us-east-2', zone: '' }), null],
        [machine({ at: '2026-10-01T00:00:00Z' }), null],
        [machine({ at: '2026-11-05T00:00:00Z' }), '0.096'],
      ],
    );
    expect(found).toEqual(expected);
  });

  it('offer files: volumes, balancers, cluster fees and traffic', async () => {
    const { found, expected } = await pricesOf(
      [OFFERS],
      [
        [thing('volume', 'gp3'), '0.08'],
        [thing('volume', 'io2'), '0.125'],
        [thing('volume', 'standard'), '0.05'],
        [thing('volume', 'magnetic'), '0.05'],
        [thing('volume', 'gp9'), null],
        [thing('iops', 'gp3'), '0.005'],
        [thing('iops', 'io2'), '0.065'],
        [thing('throughput', 'gp3'), '0.04'],
        [thing('snapshot', 'standard'), '0.05'],
        [thing('snapshot', 'ebs'), '0.05'],
        [thing('snapshot'), '0.05'],
        [thing('loadbalancer', 'alb'), '0.0225'],
        [thing('loadbalancer', 'alb-lcu'), '0.008'],
        [thing('loadbalancer', 'nlb'), '0.0225'],
        [thing('loadbalancer', 'classic'), '0.025'],
        [thing('cluster-fee', 'standard'), '0.1'],
        [thing('cluster-fee', 'eks'), '0.1'],
        [thing('cluster-fee', 'extended'), '0.6'],
        [thing('network', 'cross-zone'), '0.01'],
        [thing('network', 'cross-region'), '0.02'],
        [thing('network', 'inter-region:us-east-2'), '0.01'],
        [thing('network', 'internet'), '0.09'],
        [thing('network', 'nat'), '0.045'],
        [thing('network', 'nat-gateway'), '0.045'],
        [thing('ip', 'public-ipv4'), '0.005'],
      ],
    );
    expect(found).toEqual(expected);
  });

  it('traffic tells its tiers, and that another region has a rate of its own', async () => {
    const [internet, region] = await answersOf(
      [OFFERS],
      [thing('network', 'internet'), thing('network', 'cross-region')],
    );
    expect(internet?.explanation.join('; ')).toContain('from 51200 GB: 0.07');
    expect(region?.explanation.join('; ')).toContain('inter-region:<region>');
  });

  it.each<readonly [string, (one: object) => unknown]>([
    ['texts, as the service sends them', (one) => JSON.stringify(one)],
    ['objects, as some clients print them', (one) => one],
  ])('GetProducts with entries as %s', async (_what, form) => {
    const entries = EC2.map((one) => ({
      product: { productFamily: one.family ?? 'Compute Instance', attributes: one.attributes, sku: one.sku },
      serviceCode: 'AmazonEC2',
      terms: { OnDemand: onDemand(one) },
      version: '20261118180530',
      publicationDate: '2026-11-18T18:05:30Z',
    }));
    const pages = [entries.slice(0, 5), entries.slice(5)].map((page, index) => ({
      FormatVersion: 'aws_v1',
      NextToken: index === 0 ? 'more' : undefined,
      PriceList: page.map((one) => form(one)),
    }));
    const { found, expected } = await pricesOf(
      [{ source: 'aws-getproducts', files: pages }],
      [
        [machine(), '0.096'],
        [machine({ os: 'windows' }), '0.188'],
        [thing('volume', 'gp3'), '0.08'],
        [thing('throughput', 'gp3'), '0.04'],
      ],
    );
    expect(found).toEqual(expected);
  });
});

const spot = (zone: string, price: string, at: string, product = 'Linux/UNIX'): object => ({
  AvailabilityZone: zone,
  AvailabilityZoneId: 'use1-az4',
  InstanceType: 'm5.large',
  ProductDescription: product,
  SpotPrice: price,
  Timestamp: at,
});

describe('AWS spot prices through refresh and lookup', () => {
  const cli = {
    SpotPriceHistory: [
      spot('us-east-1a', '0.041200', '2026-11-21T18:02:11+00:00'),
      spot('us-east-1a', '0.039800', '2026-11-20T02:17:45+00:00'),
      spot('us-east-1b', '0.043500', '2026-11-21T11:31:02.000Z'),
      spot('us-east-1a', '0.133200', '2026-11-21T18:02:11+00:00', 'Windows'),
      spot('us-east-1a', '0.101200', '2026-11-21T18:02:11+00:00', 'Red Hat Enterprise Linux (Amazon VPC)'),
      spot('us-east-1-bos-1a', '0.050000', '2026-11-21T18:02:11+00:00'),
    ],
  };

  it('a history: by zone, system and time', async () => {
    const asked = (more: object): object => machine({ purchaseModel: 'spot', ...more });
    const { found, expected } = await pricesOf(
      [{ source: 'aws-spot-history', files: [cli], region: 'us-east-1' }],
      [
        [asked({}), '0.0412'],
        [asked({ zone: 'us-east-1b' }), '0.0435'],
        [asked({ zone: 'us-east-1c' }), null],
        [asked({ os: 'windows' }), '0.1332'],
        [asked({ os: 'rhel' }), '0.1012'],
        [asked({ os: 'suse' }), null],
        [asked({ zone: 'us-east-1-bos-1a' }), '0.05'],
        [asked({ at: '2026-11-20T12:00:00Z' }), '0.0398'],
        [asked({ at: '2026-11-19T00:00:00Z' }), null],
      ],
    );
    expect(found).toEqual(expected);
  });

  it('a later history tells what a time between two refreshes really cost', async () => {
    const early: RefreshStep = {
      source: 'aws-spot-history',
      files: [{ SpotPriceHistory: [spot('us-east-1a', '0.0390', '2026-11-19T00:00:00Z')] }],
      asOf: '2026-11-19T06:00:00Z',
    };
    const { found, expected } = await pricesOf(
      [early, { source: 'aws-spot-history', files: [cli] }],
      [
        [machine({ purchaseModel: 'spot', at: '2026-11-20T12:00:00Z' }), '0.0398'],
        [machine({ purchaseModel: 'spot', at: '2026-11-19T12:00:00Z' }), '0.039'],
        [machine({ purchaseModel: 'spot' }), '0.0412'],
      ],
    );
    expect(found).toEqual(expected);
  });
});
