export { DashboardConfigError, readConfig, type DashboardConfig } from './server/config.js';
export { DashboardServer, type DashboardServerOptions } from './server/dashboard-server.js';
