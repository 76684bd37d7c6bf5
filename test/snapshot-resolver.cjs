// CommonJS: Jest requires a snapshot resolver from inside its own module registry.
const { basename, dirname, join, relative } = require('node:path');

const source = __dirname;
const compiled = join(source, '../dist/js/test');
const folderName = '__snapshots__';

/** Snapshots live beside the TypeScript source of their test, because dist/ is never committed. */
module.exports = {
  /** dist/js/test/a/b.test.js → test/a/__snapshots__/b.test.ts.snap */
  resolveSnapshotPath(testPath, extension) {
    const name = `${basename(testPath, '.js')}.ts${extension}`;
    return join(source, relative(compiled, dirname(testPath)), folderName, name);
  },

  /** test/a/__snapshots__/b.test.ts.snap → dist/js/test/a/b.test.js */
  resolveTestPath(snapshotPath, extension) {
    const name = `${basename(snapshotPath, `.ts${extension}`)}.js`;
    return join(compiled, relative(source, dirname(dirname(snapshotPath))), name);
  },

  testPathForConsistencyCheck: join(compiled, 'area/subject.test.js'),
};
