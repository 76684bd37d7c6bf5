import type { CustomSheet, GateVerdict, MachineShape, PriceRow } from '@kubehero/domain';

/** Anything that a part of the catalogue holds. */
export type CatalogueItem = PriceRow | MachineShape | CustomSheet;

/** What is known of a part besides its rows. */
export interface PartFacts {
  /** `<source>/<region>`, `<source>/all` where a source is not cut by region. */
  readonly key: string;
  readonly source: string;
  /** Instant that the refresh was for, RFC 3339. */
  readonly asOf: string;
  readonly sourceVersion: string;
  /** Publication instant of each document that the part was made from. */
  readonly publications: Readonly<Record<string, string>>;
}

/** A part as it goes into a new version of the catalogue. */
export interface NewPart {
  readonly facts: PartFacts;
  readonly items: readonly CatalogueItem[];
}

/** A family that the gate holds back, and since when. */
export interface QuarantineEntry extends GateVerdict {
  readonly source: string;
  readonly since: string;
}

/** A family that the gate had something against and a person let through. */
export interface AcceptanceEntry {
  readonly source: string;
  readonly region: string;
  readonly family: string;
  readonly purchaseModel: string;
  readonly reasons: readonly string[];
  /** Name of the person. */
  readonly acceptedBy: string;
  /** RFC 3339. */
  readonly acceptedAt: string;
}

/** Everything that becomes visible at once. */
export interface CatalogueChange {
  readonly parts: readonly NewPart[];
  /** Replaces what was held back in the regions that `parts` are of. */
  readonly quarantine: readonly QuarantineEntry[];
  /** Kept for ever with the version. */
  readonly acceptances?: readonly AcceptanceEntry[];
  readonly createdAt: string;
}

/** The region of a source that a part is of; `null` where the source is not cut by region. */
export function scopeOf({ facts }: NewPart): { readonly source: string; readonly region: string | null } {
  const region = facts.key.slice(facts.source.length + 1);
  return { source: facts.source, region: region === 'all' ? null : region };
}

/** Name of whom a command did not tell the name of. */
export const UNNAMED_PERSON = 'unknown';

/** What of some verdicts a person let through. */
export function acceptancesOf(
  verdicts: readonly GateVerdict[],
  facts: Pick<AcceptanceEntry, 'source' | 'acceptedAt'> & { readonly acceptedBy: string | undefined },
): readonly AcceptanceEntry[] {
  const { source, acceptedAt, acceptedBy = UNNAMED_PERSON } = facts;
  return verdicts
    .filter(({ accepted, reasons }) => accepted && reasons.length > 0)
    .map(({ region, family, purchaseModel, reasons }) => {
      return { source, region, family, purchaseModel, reasons, acceptedBy, acceptedAt };
    });
}

/** A part as it was read back. */
export interface StoredPart {
  readonly facts: PartFacts;
  readonly items: readonly CatalogueItem[];
}

/**
 * Where versions of the catalogue live. An implementer MUST make `commit` atomic: before it returns, and after a
 * kill at any moment, a reader sees either the whole version before or the whole new one.
 */
export interface CatalogueStore {
  /** The newest state of a part, undefined when there is none. */
  readPart(key: string): Promise<StoredPart | undefined>;
  /** @returns the number of the new version */
  commit(change: CatalogueChange): Promise<number>;
}
