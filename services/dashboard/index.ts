export { DashboardConfigError, readConfig, type DashboardConfig } from './server/config.js';
export { DashboardServer, type DashboardServerOptions, type PageHandler } from './server/dashboard-server.js';
