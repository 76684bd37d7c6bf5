/** Where the other end of traffic is: values of kubehero.telemetry.v1.NetworkClass. */
export const networkClasses = { unknown: 0, sameNode: 1, sameZone: 2, crossZone: 3, internet: 4 } as const;

/** A value of {@link networkClasses}. */
export type NetworkClassValue = (typeof networkClasses)[keyof typeof networkClasses];
