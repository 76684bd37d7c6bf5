import { createSign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PricingError } from '../errors.js';
import { asRecord, asText, parseJson } from '../stream/exact-json.js';
import type { HttpContext } from './http.js';

/** A service account's key as Google's console writes it, as far as it is read. */
export interface GoogleAccount {
  readonly email: string;
  readonly privateKey: string;
  readonly tokenUri: string;
  readonly project: string;
}

const SCOPES = [
  'https://www.googleapis.com/auth/compute.readonly',
  'https://www.googleapis.com/auth/cloud-billing.readonly',
];
const LIFETIME_S = 3600;
const TOKEN_URI = 'https://oauth2.googleapis.com/token';

/** Reads a service account's key file. @throws PricingError NOT_READABLE, NOT_JSON, WRONG_SHAPE */
export async function readGoogleAccount(path: string): Promise<GoogleAccount> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new PricingError('NOT_READABLE', `cannot read ${path}: check that the file is there and readable`, {
      cause,
    });
  });
  const record = asRecord(parseJson(text, { name: path, offset: 0 }));
  const account = {
    email: asText(record['client_email']),
    privateKey: asText(record['private_key']),
    tokenUri: asText(record['token_uri']) || TOKEN_URI,
    project: asText(record['project_id']),
  };
  if (account.email !== '' && account.privateKey !== '' && account.project !== '') return account;
  throw new PricingError(
    'WRONG_SHAPE',
    `${path} is no service account's key (client_email, private_key, project_id): download one as JSON`,
  );
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function assertion(account: GoogleAccount, nowMs: number): string {
  const issuedAt = Math.floor(nowMs / 1000);
  const claims = {
    iss: account.email,
    scope: SCOPES.join(' '),
    aud: account.tokenUri,
    iat: issuedAt,
    exp: issuedAt + LIFETIME_S,
  };
  const text = `${base64url({ alg: 'RS256', typ: 'JWT' })}.${base64url(claims)}`;
  try {
    return `${text}.${createSign('RSA-SHA256').update(text).sign(account.privateKey, 'base64url')}`;
  } catch (cause) {
    throw new PricingError(
      'WRONG_SHAPE',
      `the private key of ${account.email} cannot sign: download a new key`,
      {
        cause,
      },
    );
  }
}

/** Exchanges a service account's key for an access token (RFC 7523). @throws PricingError FETCH, WRONG_SHAPE */
export async function fetchGoogleToken(
  account: GoogleAccount,
  nowMs: number,
  context: HttpContext,
): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: assertion(account, nowMs),
  });
  const failed = (reason: string, cause?: unknown): PricingError =>
    new PricingError(
      'FETCH',
      `${account.tokenUri} ${reason} for ${account.email}: check the account's key and this machine's clock`,
      { cause },
    );
  const timeout = AbortSignal.timeout(context.timeoutMs ?? 30_000);
  const signal = AbortSignal.any([context.signal, timeout]);
  const answer = await context
    .fetch(account.tokenUri, { method: 'POST', body, signal })
    .catch((cause: unknown) => {
      context.signal.throwIfAborted();
      throw failed('did not answer', cause);
    });
  if (!answer.ok) throw failed(`answered ${String(answer.status)}`);
  const token = asText(
    asRecord(parseJson(await answer.text(), { name: account.tokenUri, offset: 0 }))['access_token'],
  );
  if (token === '') throw failed('gave no access token');
  return token;
}
