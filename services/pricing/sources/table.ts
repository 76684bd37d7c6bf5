/** Entry of a table by a text from outside; what every object inherits (`constructor`) is no entry. */
export function entryOf<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
