import { environmentNames, ports } from '@kubehero/contract';
import {
  choiceSetting,
  hostPortSetting,
  listSetting,
  logLevels,
  optionalSetting,
  pathSetting,
  textSetting,
  urlSetting,
  type SettingsOf,
} from '@kubehero/runtime';
import { tmpdir } from 'node:os';
import { PUBLIC_HOSTS } from './fetch/online.js';

const regions = (
  flag: string,
  env: string,
  cloud: string,
): ReturnType<typeof optionalSetting<readonly string[]>> =>
  optionalSetting(
    listSetting({
      flag,
      env,
      reason: `${cloud} regions whose prices are fetched; without it those that nodes of the fleet are in`,
      of: textSetting({
        reason: 'region',
        unit: 'region',
        pattern: /^[a-z0-9-]{2,40}$/,
        allowed: 'give a region code',
      }),
    }),
  );

const host = (flag: string, env: string, what: string, fallback: string): ReturnType<typeof urlSetting> =>
  urlSetting({
    flag,
    env,
    reason: `where ${what} is asked for, for mirrors and proxies`,
    schemes: ['http', 'https'],
    fallback,
  });

/** Settings of `kubehero pricing refresh` against the services: flags, and the environment that its manifest gives it. */
export const pricingSettings = {
  catalogue: optionalSetting(
    pathSetting({ flag: 'catalogue', reason: 'folder that holds the catalogue, instead of PostgreSQL' }),
  ),
  postgresUrl: optionalSetting(
    urlSetting({
      env: environmentNames.postgresUrl,
      reason: 'address of PostgreSQL, without a password',
      schemes: ['postgres', 'postgresql'],
    }),
  ),
  postgresPasswordFile: optionalSetting(
    pathSetting({ env: environmentNames.postgresPasswordFile, reason: "file with the user's password" }),
  ),
  postgresCaFile: optionalSetting(
    pathSetting({
      env: environmentNames.postgresCaFile,
      reason: 'CA bundle (PEM); given means that TLS is required',
    }),
  ),
  sources: listSetting({
    flag: 'sources',
    env: environmentNames.pricingSources,
    reason: 'what is refreshed',
    of: choiceSetting({ reason: 'source', choices: ['aws', 'azure', 'gcp', 'custom', 'snapshot'] as const }),
    fallback: ['aws', 'azure', 'gcp'],
  }),
  awsRegions: regions('aws-regions', environmentNames.pricingAwsRegions, 'AWS'),
  azureRegions: regions('azure-regions', environmentNames.pricingAzureRegions, 'Azure'),
  gcpKeyFile: optionalSetting(
    pathSetting({
      flag: 'gcp-key-file',
      env: environmentNames.pricingGcpKeyFile,
      reason: "file with the API key for Google's catalogue, which has no anonymous use",
    }),
  ),
  gcpAccountFile: optionalSetting(
    pathSetting({
      flag: 'gcp-account-file',
      env: environmentNames.pricingGcpAccountFile,
      reason:
        "service account's key (JSON) that may list machine types, and prices where no API key is given",
    }),
  ),
  awsSpot: choiceSetting({
    flag: 'aws-spot',
    env: environmentNames.pricingAwsSpot,
    reason:
      'where AWS spot prices come from: by zone from the EC2 API where credentials are found, or the feed alone',
    choices: ['auto', 'feed'] as const,
    fallback: 'auto',
  }),
  awsCredentialsFile: optionalSetting(
    pathSetting({
      flag: 'aws-credentials-file',
      env: environmentNames.pricingAwsCredentialsFile,
      reason: "AWS credentials for spot prices by zone; without it the AWS SDK's own chain is tried",
    }),
  ),
  commitments: choiceSetting({
    flag: 'commitments',
    env: environmentNames.pricingCommitments,
    reason: 'whether list rates of reservations and savings plans are kept',
    choices: ['on', 'off'] as const,
    fallback: 'on',
  }),
  customFile: optionalSetting(
    pathSetting({ flag: 'custom-file', env: environmentNames.pricingCustomFile, reason: 'own price sheet' }),
  ),
  snapshotFile: optionalSetting(
    pathSetting({
      flag: 'snapshot-file',
      env: environmentNames.pricingSnapshotFile,
      reason: 'signed snapshot',
    }),
  ),
  snapshotKeyFile: optionalSetting(
    pathSetting({
      flag: 'verifying-key',
      env: environmentNames.pricingSnapshotKeyFile,
      reason: 'Ed25519 public key (PEM) that a snapshot must be signed by',
    }),
  ),
  currency: textSetting({
    flag: 'currency',
    env: environmentNames.currency,
    reason: 'currency that prices are asked for in',
    unit: 'currency code',
    fallback: 'USD',
    pattern: /^[A-Z]{3}$/,
    allowed: 'give an ISO 4217 code such as USD',
  }),
  workFolder: pathSetting({
    flag: 'work-folder',
    env: environmentNames.dataDir,
    reason: 'folder for downloads',
    fallback: tmpdir(),
  }),
  proxy: optionalSetting(
    urlSetting({
      flag: 'proxy',
      env: environmentNames.pricingProxy,
      reason: 'HTTP proxy that price lists are fetched through',
      schemes: ['http', 'https'],
    }),
  ),
  caFile: optionalSetting(
    pathSetting({
      flag: 'ca-file',
      env: environmentNames.pricingCaFile,
      reason: 'CA bundle (PEM) that price lists are trusted by, beside the usual authorities',
    }),
  ),
  awsPriceList: host(
    'aws-price-list',
    environmentNames.pricingAwsUrl,
    'the AWS price list',
    PUBLIC_HOSTS.awsPriceList,
  ),
  awsPriceListChina: host(
    'aws-price-list-china',
    environmentNames.pricingAwsChinaUrl,
    'the AWS price list of China',
    PUBLIC_HOSTS.awsPriceListChina,
  ),
  awsSpotFeed: host(
    'aws-spot-feed',
    environmentNames.pricingAwsSpotUrl,
    'the public spot feed',
    PUBLIC_HOSTS.awsSpotFeed,
  ),
  azure: host(
    'azure-prices',
    environmentNames.pricingAzureUrl,
    'the Azure retail prices',
    PUBLIC_HOSTS.azure,
  ),
  awsEc2: optionalSetting(
    urlSetting({
      flag: 'aws-ec2',
      env: environmentNames.pricingAwsEc2Url,
      reason: "interface endpoint of the EC2 API, for spot prices; without it the region's public one",
      schemes: ['http', 'https'],
    }),
  ),
  gcpCompute: host(
    'gcp-compute',
    environmentNames.pricingGcpComputeUrl,
    "Google's machine types",
    PUBLIC_HOSTS.gcpCompute,
  ),
  gcp: host('gcp-billing', environmentNames.pricingGcpUrl, 'the Cloud Billing Catalog', PUBLIC_HOSTS.gcp),
};

/** The frozen settings. */
export type PricingSettings = SettingsOf<typeof pricingSettings>;

/** Settings of `kubehero pricing serve`. */
export const pricingServeSettings = {
  ...pricingSettings,
  http: hostPortSetting({
    flag: 'http',
    env: environmentNames.httpListen,
    reason: 'address of health and metrics',
    fallback: { host: '127.0.0.1', port: ports.pricingHttp },
  }),
  logLevel: choiceSetting({
    env: environmentNames.logLevel,
    reason: 'which lines are logged',
    choices: logLevels,
    fallback: 'info',
  }),
};
