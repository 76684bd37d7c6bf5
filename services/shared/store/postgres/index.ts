export { connectPostgres, pingPostgres, type PostgresOptions } from './connect.js';
export {
  EmbeddedPostgresError,
  startEmbeddedPostgres,
  type EmbeddedPostgresOptions,
  type EmbeddedPostgresServer,
} from './embedded/embedded-postgres.js';
export { migratePostgres } from './migrations/index.js';
export type { Database } from './schema.js';
