/** Environment names that the dashboard's server reads; who starts it (command line, manifest) reads them here too. */
export const dashboardEnvironment = {
  /** Base URL of the control plane's HTTP port. */
  server: 'KUBEHERO_SERVER',
  /** Bearer token for it; it never reaches a browser. */
  token: 'KUBEHERO_TOKEN',
  /** Key of the session cookies' signature, at least 32 characters. */
  sessionSecret: 'KUBEHERO_SESSION_SECRET',
  /** Address to listen on; port 0 takes a free one. */
  listen: 'KUBEHERO_DASHBOARD_LISTEN',
  /** URL that browsers use, where a proxy stands before the dashboard; `https:` makes cookies `Secure`. */
  publicUrl: 'KUBEHERO_DASHBOARD_PUBLIC_URL',
} as const;
