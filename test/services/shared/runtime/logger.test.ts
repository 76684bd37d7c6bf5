import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@kubehero/runtime';

function record(options: Parameters<typeof createLogger>[0] = {}): {
  lines: string[];
  logger: ReturnType<typeof createLogger>;
} {
  const lines: string[] = [];
  const now = (): Date => new Date('2026-03-01T12:00:00.250Z');
  return { lines, logger: createLogger({ write: (line) => void lines.push(line), now, ...options }) };
}

describe('logger', () => {
  it('writes one JSON object a line with time, level, message and fields', () => {
    const { lines, logger } = record();
    logger.child({ component: 'ingest' }).info('stored\nsafely', { rows: 3n });
    expect(lines).toEqual([
      '{"time":"2026-03-01T12:00:00.250Z","level":"info","message":"stored\\nsafely","component":"ingest","rows":"3"}\n',
    ]);
  });

  it('drops what is below its level', () => {
    const { lines, logger } = record({ level: 'warn' });
    logger.debug('a');
    logger.info('b');
    logger.warn('c');
    logger.error('d');
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(['c', 'd']);
  });

  it('never writes what looks like a secret, at any depth', () => {
    const { lines, logger } = record();
    logger.info('x', {
      token: 's3cret',
      nested: {
        privateKeyPem: 's3cret',
        password: 's3cret',
        apiKey: 's3cret',
        list: [{ authorization: 's3cret' }],
      },
    });
    expect(lines[0]).not.toContain('s3cret');
    const { lines: human, logger: other } = record({ format: 'human' });
    other.info('x', { token: 's3cret', nested: { sessionSecret: 's3cret' } });
    expect(human[0]).not.toContain('s3cret');
  });

  it('keeps code, stack and causes of errors', () => {
    const { lines, logger } = record();
    const cause = Object.assign(new Error('refused', { cause: 'reset' }), { code: 'ECONNREFUSED' });
    logger.error('failed', { error: new Error('no store', { cause }) });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      error: {
        message: 'no store',
        causes: ['refused', 'reset'],
        stack: expect.stringContaining('no store') as unknown,
      },
    });
  });

  it('keeps the line of a value that refers to itself', () => {
    const { lines, logger } = record();
    const ring: Record<string, unknown> = {};
    ring['ring'] = ring;
    logger.warn('careful', { ring });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'careful', level: 'warn' });
  });

  it('writes for people on a terminal', () => {
    const { lines, logger } = record({ format: 'human' });
    logger.warn('slow store', { ms: 12, store: 'clickhouse', error: new Error('late') });
    expect(lines).toEqual(['12:00:00.250 warn  slow store  ms=12  store=clickhouse  error=late\n']);
  });
});
