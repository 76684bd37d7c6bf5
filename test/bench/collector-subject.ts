import { Collector } from '@kubehero/collector';
import { keepHeapSmall } from '@kubehero/runtime';
import { ReportHub } from '../support/report-hub.js';

/** The collector under measurement, alone in its process: reports to a hub on loopback. Argument: the hub's port. */
keepHeapSmall();
const hub = new ReportHub();
hub.port = Number(process.argv[2]);
const collector = new Collector({
  mode: 'bpf',
  openReport: hub.openReport,
  emitter: 'bench/1',
  onNotice: (sentence) => process.stderr.write(`${sentence}\n`),
});
await collector.start();
process.on('SIGUSR2', () => process.stdout.write(`${JSON.stringify(collector.statistics())}\n`));
process.on('SIGTERM', () => {
  void collector.stop().then(() => {
    hub.close();
    process.exit(0);
  });
});
process.stdout.write('ready\n');
