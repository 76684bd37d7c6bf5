import { connect, createServer, type NetConnectOpts } from 'node:net';

/**
 * Carries connections between a network namespace and the outside by sockets in the file system:
 * `node forward-main.js LISTEN=CONNECT …`, where an end is `tcp:PORT` (on loopback) or `unix:PATH`. Prints a line when all listen.
 */
const pairs = process.argv.slice(2).map((pair) => pair.split('=', 2) as [string, string]);

function toEnd(text: string): NetConnectOpts & { readonly host?: string } {
  const [kind, rest = ''] = text.split(':', 2);
  return kind === 'unix' ? { path: rest } : { port: Number(rest), host: '127.0.0.1' };
}

await Promise.all(
  pairs.map(
    ([listen, target]) =>
      new Promise<void>((resolve) => {
        const server = createServer((inner) => {
          const outer = connect(toEnd(target));
          inner.pipe(outer).pipe(inner);
          // Either end may be gone at any time: the other one is told, and the caller sees its own error
          inner.on('error', () => outer.destroy());
          outer.on('error', () => inner.destroy());
        });
        server.listen(toEnd(listen), resolve);
      }),
  ),
);
process.stdout.write('ready\n');
