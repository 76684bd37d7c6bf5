/**
 * Names by which `kubehero up` hands its child, the dashboard's server, what a manifest hands it as mounted files
 * (see `environmentNames`). The value in the variable wins over the file.
 */
export const dashboardEnvironment = {
  /** Base URL of the control plane's HTTP port. */
  server: 'KUBEHERO_SERVER',
  /** Bearer token for it; it never reaches a browser. */
  token: 'KUBEHERO_TOKEN',
  /** Key of the session cookies' signature, at least 32 characters. */
  sessionSecret: 'KUBEHERO_SESSION_SECRET',
} as const;
