import { HttpServer, Lifecycle, runProgram, silentLogger, waitForAbort } from '@kubehero/runtime';

// A program that serves until it is told to stop; run by lifecycle.test.ts.
const server = new HttpServer({ listen: { host: '127.0.0.1', port: 0 }, logger: silentLogger });
const lifecycle = new Lifecycle({ logger: silentLogger, components: [server] });

process.exitCode = await runProgram({
  main: async (signal) => {
    await lifecycle.start(signal);
    process.stdout.write('started\n');
    await waitForAbort(signal);
    await lifecycle.stop();
    process.stdout.write('drained\n');
    return 0;
  },
});
