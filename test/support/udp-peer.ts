import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Moves itself into a cgroup, then sends datagrams or receives them until it is killed. Arguments: folder, "send" or
 * "receive", address, port, count, bytes.
 */
async function main([
  directory = '',
  role,
  address = '',
  port = '0',
  count = '0',
  bytes = '0',
]: string[]): Promise<void> {
  writeFileSync(join(directory, 'cgroup.procs'), String(process.pid));
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  if (role === 'receive') {
    socket.bind(Number(port), address, () => process.stdout.write('ready\n'));
    return;
  }
  const datagram = Buffer.alloc(Number(bytes));
  for (let sent = 0; sent < Number(count); sent++) {
    await new Promise<void>((resolve, reject) => {
      socket.send(datagram, Number(port), address, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    if (sent % 16 === 15) await sleep(1);
  }
  socket.close();
}

await main(process.argv.slice(2));
