import type { LabelRequirement, LabelSelector } from '@kubehero/domain';

/** Syntax of labels, https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const name = /^(?=.{1,63}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const prefix = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** A selector as requirements alone: `matchLabels` is the same as `In` with one value. */
export function toRequirements(selector: LabelSelector | undefined): readonly LabelRequirement[] {
  const equal = Object.entries(selector?.matchLabels ?? {}).map(([key, value]): LabelRequirement => ({
    key,
    operator: 'In',
    values: [value],
  }));
  return [...equal, ...(selector?.matchExpressions ?? [])];
}

/** Why no object can ever have labels that a selector speaks of, or undefined: the API server refuses such a selector. */
export function tryFindSelectorFault(selector: LabelSelector | undefined): string | undefined {
  for (const { key, values = [] } of toRequirements(selector)) {
    if (!isKey(key)) return `'${key}' is no label key`;
    const wrong = values.find((value) => value !== '' && !name.test(value));
    if (wrong !== undefined) return `'${wrong}' is no label value`;
  }
  return undefined;
}

/** A CEL expression that is true where `object.metadata.labels` satisfy a selector. */
export function selectorToCel(selector: LabelSelector): string {
  const all = toRequirements(selector).map(requirementToCel);
  return all.length === 0 ? 'true' : all.join(' && ');
}

function requirementToCel({ key, operator, values = [] }: LabelRequirement): string {
  const labels = 'object.metadata.labels';
  const isThere = `(has(${labels}) && ${celText(key)} in ${labels})`;
  const isOneOf = `(${isThere} && ${labels}[${celText(key)}] in [${values.map(celText).join(', ')}])`;
  switch (operator) {
    case 'Exists':
      return isThere;
    case 'DoesNotExist':
      return `!${isThere}`;
    case 'In':
      return isOneOf;
    case 'NotIn':
      return `!${isOneOf}`;
  }
}

/** A string literal of CEL: JSON's escapes are a subset of CEL's. */
export function celText(text: string): string {
  return JSON.stringify(text);
}

function isKey(key: string): boolean {
  const parts = key.split('/');
  if (parts.length > 2) return false;
  const [first = '', second] = parts;
  return second === undefined ? name.test(first) : prefix.test(first) && name.test(second);
}
