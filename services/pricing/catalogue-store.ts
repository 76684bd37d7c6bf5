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

/** Everything that becomes visible at once. */
export interface CatalogueChange {
  readonly parts: readonly NewPart[];
  /** Replaces what was held back for these sources. */
  readonly quarantine: readonly QuarantineEntry[];
  readonly sources: readonly string[];
  readonly createdAt: string;
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
