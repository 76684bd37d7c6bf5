import { describe, expect, it } from '@jest/globals';
import { answersOf, pricesOf, type RefreshStep } from '../../support/pricing/contract.js';
import { AZURE_D4S, azurePage } from '../../support/pricing/samples.js';

let meters = 0;

/** An item of eastus; constructed, each with a meter of its own. */
function item(fields: object): object {
  meters += 1;
  const id = `meter-${String(meters)}`;
  const base = {
    ...AZURE_D4S,
    armRegionName: 'eastus',
    location: 'US East',
    meterId: id,
    skuId: `SKU/${id}`,
  };
  const price = (fields as { readonly retailPrice?: number }).retailPrice;
  return { ...base, unitPrice: price, ...fields };
}

function storage(productName: string, skuName: string, meterName: string, retailPrice: number): object {
  const unitOfMeasure = meterName.endsWith('Snapshots') ? '1 GB/Month' : '1/Month';
  const facts = { serviceName: 'Storage', serviceFamily: 'Storage', armSkuName: '', unitOfMeasure };
  return item({ ...facts, productName, skuName, meterName, retailPrice });
}

function service(
  [serviceName, productName]: readonly [string, string],
  meterName: string,
  [retailPrice, unitOfMeasure]: readonly [number, string],
  more: object = {},
): object {
  const facts = { serviceName, productName, meterName, unitOfMeasure, retailPrice, armSkuName: '' };
  return item({ ...facts, skuName: 'Standard', ...more });
}

const WINDOWS = 'Virtual Machines Dsv5 Series Windows';
const MACHINES = [
  item({
    retailPrice: 0.192,
    savingsPlan: [
      { unitPrice: 0.09, retailPrice: 0.09, term: '3 Years' },
      { unitPrice: 0.13, retailPrice: 0.13, term: '1 Year' },
    ],
  }),
  item({
    retailPrice: 0.18,
    effectiveStartDate: '2020-01-01T00:00:00Z',
    effectiveEndDate: '2021-10-31T23:59:59Z',
  }),
  item({ retailPrice: 0.25, effectiveStartDate: '2027-01-01T00:00:00Z' }),
  item({ retailPrice: 0.376, productName: WINDOWS }),
  item({ retailPrice: 0.192, productName: WINDOWS, type: 'DevTestConsumption' }),
  item({ retailPrice: 0.034176, skuName: 'Standard_D4s_v5 Spot', meterName: 'D4s v5 Spot' }),
  item({ retailPrice: 0.066928, skuName: 'D4s v5 Spot', meterName: 'D4s v5 Spot', productName: WINDOWS }),
  item({ retailPrice: 0.0384, skuName: 'D4s v5 Low Priority', meterName: 'D4s v5 Low Priority' }),
  item({ retailPrice: 990, type: 'Reservation', reservationTerm: '1 Year' }),
  item({ retailPrice: 0.5, productName: 'Virtual Machines Dsv5 Series CloudServices' }),
  item({ retailPrice: 4.2, productName: 'Virtual Machines Dsv5 Series Dedicated Host' }),
  item({ retailPrice: 0, armSkuName: 'Standard_B1s', skuName: 'B1s', meterName: 'B1s - Free' }),
  item({ retailPrice: 0.0104, armSkuName: 'Standard_B1s', skuName: 'B1s', meterName: 'B1s' }),
  item({ retailPrice: 0.2366, armSkuName: 'Standard_D14', skuName: 'D14 Spot', meterName: 'D14/DS14 Spot' }),
  item({ retailPrice: 0.2366, armSkuName: 'Standard_DS14', skuName: 'D14 Spot', meterName: 'D14/DS14 Spot' }),
  item({
    retailPrice: 0.3,
    armSkuName: 'Standard_D4n_v6',
    productName: 'Virtual Machines Dnv6 Series Linux',
    meterName: 'D4n v6',
  }),
];

const HDD = 'Standard HDD Managed Disks';
const SSD = 'Standard SSD Managed Disks';
const PREMIUM = 'Premium SSD Managed Disks';
const DISKS = [
  storage(PREMIUM, 'P10 LRS', 'P10 LRS Disk', 19.71),
  storage(PREMIUM, 'P10 LRS', 'P10 LRS Disk Mount', 1.18),
  storage(PREMIUM, 'P10 ZRS', 'P10 ZRS Disk', 29.565),
  storage(PREMIUM, 'P20', 'P20 Disks', 38.02),
  storage(SSD, 'E10 LRS', 'E10 LRS Disk', 9.6),
  storage(SSD, 'E10 LRS', 'E10 LRS Disk Operations', 0.002),
  storage(HDD, 'S10 LRS', 'S10 LRS Disk', 5.888),
  storage(HDD, 'Snapshots LRS', 'LRS Snapshots', 0.05),
  storage(HDD, 'Snapshots ZRS', 'ZRS Snapshots', 0.06),
  storage(SSD, 'Snapshots LRS', 'Snapshots LRS Snapshots', 0.132),
  storage(PREMIUM, 'Snapshots LRS', 'LRS Snapshots', 0.14),
  item({
    ...{ serviceName: 'Storage', productName: PREMIUM, skuName: 'P10 LRS', meterName: 'P10 LRS Disk' },
    ...{ unitOfMeasure: '1/Month', armSkuName: '', retailPrice: 225, type: 'Reservation' },
    reservationTerm: '1 Year',
  }),
  ...[
    ['Premium LRS Provisioned Capacity', '1 GiB/Hour', 0.0001095, 0],
    ['Premium LRS Provisioned IOPS', '1/Hour', 0, 0],
    ['Premium LRS Provisioned IOPS', '1/Hour', 0.0000068, 3000],
    ['Premium LRS Provisioned Throughput (MBps)', '1/Hour', 0.0000548, 125],
  ].map(([meterName, unitOfMeasure, retailPrice, tierMinimumUnits]) =>
    item({
      ...{
        serviceName: 'Storage',
        productName: 'Azure Premium SSD v2',
        skuName: 'Premium LRS',
        armSkuName: '',
      },
      ...{ meterName, unitOfMeasure, retailPrice, tierMinimumUnits },
      ...(String(meterName).endsWith('IOPS') ? { meterId: 'v2-iops', skuId: 'v2-iops' } : {}),
    }),
  ),
];

const GLOBAL = { armRegionName: 'Global', location: 'Global' };
const EGRESS = { meterId: 'egress', skuId: 'egress' };
const INCLUDED = 'Standard Included LB Rules and Outbound Rules';
const BALANCER = ['Load Balancer', 'Load Balancer'] as const;
const AKS = ['Azure Kubernetes Service', 'Azure Kubernetes Service'] as const;
const MGN = ['Bandwidth', 'Rtn Preference: MGN'] as const;
const OUT = 'Standard Data Transfer Out';
const SERVICES = [
  service(BALANCER, INCLUDED, [0.025, '1 Hour'], GLOBAL),
  service(BALANCER, `${INCLUDED} - Free`, [0, '1 Hour'], GLOBAL),
  service(BALANCER, 'Standard Overage LB Rules and Outbound Rules', [0.01, '1/Hour'], GLOBAL),
  service(BALANCER, 'Standard Data Processed', [0.005, '1 GB'], GLOBAL),
  service(AKS, 'Standard Uptime SLA', [0.1, '1 Hour']),
  service(AKS, 'Standard Long Term Support', [0.6, '1 Hour']),
  service(MGN, OUT, [0, '1 GB'], { ...EGRESS, tierMinimumUnits: 0 }),
  service(MGN, OUT, [0.087, '1 GB'], { ...EGRESS, tierMinimumUnits: 100 }),
  service(MGN, OUT, [0.083, '1 GB'], { ...EGRESS, tierMinimumUnits: 10335 }),
  service(['Bandwidth', 'Bandwidth - Routing Preference: Internet'], OUT, [0.08, '1 GB']),
  service(MGN, 'Standard Data Transfer In', [0, '1 GB']),
  service(MGN, 'Standard Inter-Availability Zone Data Transfer Out', [0.01, '1 GB']),
  service(['Bandwidth', 'Inter-Region'], 'Intra Continent Data Transfer Out', [0.02, '1 GB']),
  service(['Virtual Network', 'IP Addresses'], 'Standard IPv4 Static Public IP', [0.005, '1 Hour']),
  service(['Virtual Machines Licenses', 'Red Hat Enterprise Linux'], '4 vCPU VM License', [0.06, '1 Hour']),
];

const PAGES: RefreshStep = {
  source: 'azure-retail',
  files: [
    azurePage([...MACHINES, ...DISKS], 'https://prices.azure.com:443/api/retail/prices?$skip=1000'),
    azurePage(SERVICES),
  ],
};

const machine = (more: object = {}): object => ({
  provider: 'azure',
  region: 'eastus',
  instanceType: 'Standard_D4s_v5',
  os: 'linux',
  purchaseModel: 'on-demand',
  ...more,
});
const thing = (resource: string, name: string): object => ({
  provider: 'azure',
  region: 'eastus',
  resource,
  name,
});

function node(labels: Readonly<Record<string, string>>, osImage = 'Ubuntu 22.04.5 LTS'): object {
  const scaleSet = 'Microsoft.Compute/virtualMachineScaleSets/aks-np-vmss/virtualMachines/0';
  return {
    node: {
      metadata: {
        name: 'aks-np-vmss000000',
        labels: {
          'kubernetes.azure.com/agentpool': 'np',
          'kubernetes.io/os': 'linux',
          'node.kubernetes.io/instance-type': 'Standard_D4s_v5',
          'topology.kubernetes.io/region': 'eastus',
          'topology.kubernetes.io/zone': 'eastus-1',
          ...labels,
        },
      },
      spec: { providerID: `azure:///subscriptions/s/resourceGroups/g/providers/${scaleSet}` },
      status: { capacity: { cpu: '4', memory: '16375532Ki' }, nodeInfo: { osImage } },
    },
  };
}

describe('Azure pages through refresh and lookup', () => {
  it('machines: by system, way to buy and time; other products of the pages price none', async () => {
    const { found, expected } = await pricesOf(
      [PAGES],
      [
        [machine(), '0.192'],
        [machine({ region: 'East US' }), '0.192'],
        [machine({ instanceType: 'D4s_v5' }), '0.192'],
        [machine({ os: 'windows' }), '0.376'],
        [machine({ purchaseModel: 'spot' }), '0.034176'],
        [machine({ purchaseModel: 'spot', os: 'windows' }), '0.066928'],
        [machine({ os: 'rhel' }), '0.252'],
        [machine({ os: 'suse' }), null],
        [machine({ instanceType: 'Standard_B1s' }), '0.0104'],
        [machine({ instanceType: 'Standard_DS14', purchaseModel: 'spot' }), '0.2366'],
        [machine({ instanceType: 'Standard_D4n_v6' }), '0.3'],
        [machine({ instanceType: 'Standard_D999s_v5' }), null],
        [machine({ region: 'westeurope' }), null],
        [machine({ at: '2021-01-01T00:00:00Z' }), '0.18'],
        [machine({ at: '2027-02-01T00:00:00Z' }), '0.25'],
        [machine({ at: '2019-01-01T00:00:00Z' }), null],
      ],
    );
    expect(found).toEqual(expected);
  });

  it('nodes of AKS: regular, spot, Windows and without zones', async () => {
    const spot = { 'kubernetes.azure.com/scalesetpriority': 'spot' };
    const { found, expected } = await pricesOf(
      [PAGES],
      [
        [node({}), '0.192'],
        [node(spot), '0.034176'],
        [node({ 'kubernetes.io/os': 'windows' }, 'Windows Server 2022 Datacenter'), '0.376'],
        [node({ 'topology.kubernetes.io/zone': '0' }), '0.192'],
        [node({ 'node.kubernetes.io/instance-type': 'Standard_D64_v9' }), null],
      ],
    );
    expect(found).toEqual(expected);
  });

  it('disks are told by tier and redundancy, snapshots by the class of disk that holds them', async () => {
    const { found, expected } = await pricesOf(
      [PAGES],
      [
        [thing('volume', 'P10 LRS'), '19.71'],
        [thing('volume', 'P10'), '19.71'],
        [thing('volume', 'P10_LRS'), '19.71'],
        [thing('volume', 'P10 ZRS'), '29.565'],
        [thing('volume', 'P20 LRS'), '38.02'],
        [thing('volume', 'E10 LRS'), '9.6'],
        [thing('volume', 'S10 LRS'), '5.888'],
        [thing('volume', 'P15 LRS'), null],
        [thing('volume', 'PremiumV2_LRS'), '0.0001095'],
        [thing('iops', 'PremiumV2_LRS'), '0.0000068'],
        [thing('throughput', 'PremiumV2_LRS'), '0.0000548'],
        [thing('snapshot', 'standard'), '0.05'],
        [thing('snapshot', 'Snapshots LRS'), '0.05'],
        [thing('snapshot', 'Standard_ZRS'), '0.06'],
        [thing('snapshot', 'Premium_LRS'), '0.14'],
        [thing('snapshot', 'Standard SSD LRS'), '0.132'],
        [thing('snapshot', 'tape'), null],
      ],
    );
    expect(found).toEqual(expected);
  });

  it('balancers, cluster fees, addresses and traffic', async () => {
    const { found, expected } = await pricesOf(
      [PAGES],
      [
        [thing('loadbalancer', 'standard'), '0.025'],
        [thing('loadbalancer', 'standard-rule'), '0.01'],
        [thing('cluster-fee', 'standard'), '0.1'],
        [thing('cluster-fee', 'aks'), '0.1'],
        [thing('cluster-fee', 'premium'), '0.6'],
        [thing('cluster-fee', 'free'), null],
        [thing('network', 'internet'), '0.087'],
        [thing('network', 'cross-zone'), '0.01'],
        [thing('network', 'cross-region'), '0.02'],
        [thing('ip', 'public-ipv4'), '0.005'],
      ],
    );
    expect(found).toEqual(expected);
    const [internet] = await answersOf([PAGES], [thing('network', 'internet')]);
    expect(internet?.explanation.join('; ')).toContain('from 10335 GB: 0.083');
  });
});
