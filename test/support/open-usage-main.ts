import { openUsage } from '../../services/collector/cgroups/open-usage.js';

/** Opens what measures this machine with the privileges of this process, and prints how. */
const usage = await openUsage({ mode: 'auto', plainHost: true });
process.stdout.write(JSON.stringify({ source: usage.source.name, notices: usage.notices }));
usage.source.close();
usage.processes?.close?.();
