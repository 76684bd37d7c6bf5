'use client';

import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';

/** Clouds that a search can be limited to; empty: all. */
export const providers = ['', 'aws', 'azure', 'gcp', 'custom'] as const;

const parsers = {
  q: parseAsString.withDefault(''),
  provider: parseAsStringLiteral(providers).withDefault(''),
  cluster: parseAsString.withDefault(''),
  node: parseAsString.withDefault(''),
  of: parseAsStringLiteral(providers).withDefault(''),
  type: parseAsString.withDefault(''),
  region: parseAsString.withDefault(''),
  zone: parseAsString.withDefault(''),
  os: parseAsString.withDefault(''),
  model: parseAsString.withDefault(''),
  tz: parseAsStringLiteral(['local', 'utc'] as const).withDefault('local'),
};

/** What the prices page shows, as the address says it: a search, and the node or machine that is explained. */
export type PriceView = {
  readonly [Name in keyof typeof parsers]: ReturnType<(typeof parsers)[Name]['parseServerSide']>;
};

/** Changes the view and with it the address. */
export type SetPriceView = ReturnType<typeof useQueryStates<typeof parsers>>[1];

/** The view that the address describes, and the way to change it. */
export function usePriceView(): readonly [PriceView, SetPriceView] {
  return useQueryStates(parsers, { history: 'push', scroll: false });
}

/** Nothing is explained. */
export const explainsNothing = {
  cluster: null,
  node: null,
  of: null,
  type: null,
  region: null,
  zone: null,
  os: null,
  model: null,
} as const;

/** Address of the explanation that the view asks for; undefined where it asks for none. */
export function explainUrl(view: PriceView): string | undefined {
  const { cluster, node, of, type, region, zone, os, model } = view;
  if (node !== '') return `/api/prices/explain?${new URLSearchParams({ cluster, node }).toString()}`;
  if (type === '') return undefined;
  const query = { provider: of, type, region, zone, os, model };
  return `/api/prices/explain?${new URLSearchParams(query).toString()}`;
}
