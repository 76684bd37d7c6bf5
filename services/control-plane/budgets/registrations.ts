import type { Logger } from '@kubehero/runtime';
import {
  listLabelledClusters,
  type Database,
  type Kysely,
  type LabelledCluster,
} from '@kubehero/store-postgres';

/** What registrations are read with. */
export interface RegistrationsOptions {
  readonly db: Kysely<Database>;
  readonly logger: Logger;
  readonly onChange: () => void;
}

/** The registered clusters with their labels, as they were read last. */
export class Registrations {
  readonly #options: RegistrationsOptions;
  #clusters: readonly LabelledCluster[] = [];
  #reading: Promise<void> = Promise.resolve();

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  /** What was read last. */
  get clusters(): readonly LabelledCluster[] {
    return this.#clusters;
  }

  /** Reads them for the first time; throws where that fails. */
  async prepare(): Promise<void> {
    this.#clusters = await listLabelledClusters(this.#options.db);
  }

  /** Reads them again, beside everything else: a failure is logged, and what was read last stays. */
  async refresh(): Promise<void> {
    this.#reading = this.#reading.then(async () => {
      await this.#read();
    });
    await this.#reading;
  }

  /** Whether a cluster is registered: one that is not known is looked up, for it may be new. */
  async knows(clusterKey: number): Promise<boolean> {
    if (!this.#has(clusterKey)) await this.refresh();
    return this.#has(clusterKey);
  }

  /** Resolves when nothing is being read any more. */
  async end(): Promise<void> {
    await this.#reading;
  }

  #has(clusterKey: number): boolean {
    return this.#clusters.some(({ key }) => key === clusterKey);
  }

  async #read(): Promise<void> {
    try {
      const clusters = await listLabelledClusters(this.#options.db);
      if (JSON.stringify(clusters) === JSON.stringify(this.#clusters)) return;
      this.#clusters = clusters;
      this.#options.onChange();
    } catch (error) {
      this.#options.logger.warn('registrations could not be read, trying again', { error });
    }
  }
}
