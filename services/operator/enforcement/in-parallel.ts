/** So many writes are under way at once for one policy: quick enough for thousands of objects, gentle to the server. */
const lanes = 8;

/** Does work for each item, a few at once, in order of beginning; stops beginning when `mustStop` says so. */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  mustStop: () => boolean,
): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) {
      if (mustStop()) return;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
}
