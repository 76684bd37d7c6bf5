/** Keys of annotations and labels that KubeHero reads or writes on objects of a cluster. */
export const annotationKeys = {
  /** On a node: its price per hour as a plain decimal in the hub's currency. */
  pricePerHour: 'kubehero.io/price-per-hour',
  /** On a namespace or workload: `"true"` keeps enforcement away from it. */
  protected: 'kubehero.io/protected',
} as const;
