/**
 * Tests are TypeScript compiled by `tsc -b` into dist/js/test and run as native ES modules: Jest transforms nothing,
 * so what is tested is what ships.
 *
 * @type {import('jest').Config}
 */
export default {
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/dist/js/test'],
  testMatch: ['**/*.test.js'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/dist/js/test/bench/',
    '<rootDir>/dist/js/test/support/',
  ],
  testEnvironment: 'node',
  transform: {},
  snapshotResolver: '<rootDir>/test/snapshot-resolver.cjs',
  testTimeout: 60_000,
  maxWorkers: 2,
  watchman: false,
};
