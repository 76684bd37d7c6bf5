import { describe, expect, it } from '@jest/globals';
import { PostgresRestore, type PostgresRestoreProps } from '@kubehero/constructs';
import { App } from 'cdk8s';
import { fullLock } from '../support/manifests/hub.js';

function synthesizeRestore(overrides: Partial<PostgresRestoreProps>): string {
  const app = new App();
  new PostgresRestore(app, 'pg', {
    images: fullLock(),
    name: 'kubehero-postgres-2',
    source: { url: 's3://acme-backups/kubehero-postgres' },
    ...overrides,
  });
  return app.synthYaml();
}

describe('a restore of PostgreSQL', () => {
  it('is a new cluster that starts from the archive of the lost one, and archives over nothing', () => {
    const text = synthesizeRestore({ targetTime: '2026-04-24T11:59:00Z' });
    expect(text).toContain('name: kubehero-postgres-2');
    expect(text).toContain('serverName: kubehero-postgres\n');
    expect(text).toMatch(/targetTime: "?2026-04-24T11:59:00Z"?/);
    expect(text).not.toContain('isWALArchiver');
  });

  it.each([
    [
      'the name of the lost cluster',
      { name: 'kubehero-postgres' },
      "name: 'kubehero-postgres' is the lost cluster's own",
    ],
    [
      'a moment without a zone',
      { targetTime: '2026-04-24T11:59:00' },
      "targetTime: '2026-04-24T11:59:00' is no instant",
    ],
    ['no bucket', { source: { url: 'acme' } }, "source.url: 'acme' is no bucket"],
  ])('is refused with %s', (_what, overrides, message) => {
    expect(() => synthesizeRestore(overrides)).toThrow(message);
  });
});
