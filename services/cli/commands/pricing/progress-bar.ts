import type { OnStep } from '@kubehero/pricing';

const WIDTH = 24;

/** A bar on one line of a terminal that is drawn over at every step and leaves the terminal clean at the end. */
export function progressBar(write: (text: string) => void): OnStep {
  return (done, total, what) => {
    if (done >= total) {
      write('\r\u001b[K');
      return;
    }
    const filled = Math.floor((done / total) * WIDTH);
    write(`\r\u001b[K[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${done}/${total} ${what}`);
  };
}
