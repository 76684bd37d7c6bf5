export { createLogger, logLevels, silentLogger } from './logging/logger.js';
export type { LogFields, Logger, LoggerOptions, LogLevel } from './logging/logger.js';
export { Metrics, type HistogramSpec, type MetricSpec } from './metrics/metrics.js';
export { diskErrorCode, toDiskError, type DiskErrorCode } from './lifecycle/disk-error.js';
export { UserError } from './lifecycle/user-error.js';
export { DeadlineError, sleep, withDeadline, type Limits } from './lifecycle/deadline.js';
export { keepHeapSmall, releaseGarbage } from './lifecycle/heap.js';
export { Lifecycle, type Component } from './lifecycle/lifecycle.js';
export {
  describeForUser,
  runProgram,
  waitForAbort,
  type ProcessLike,
  type RunOptions,
} from './lifecycle/run-program.js';
export {
  BadValueError,
  choiceSetting,
  decimalSetting,
  formatHostPort,
  hostPortSetting,
  integerSetting,
  listSetting,
  optionalSetting,
  parseHostPort,
  pathSetting,
  switchSetting,
  textSetting,
  urlSetting,
  type HostPort,
  type Setting,
  type SettingBase,
} from './settings/setting.js';
export {
  declareFlags,
  readSettings,
  SettingsError,
  type FlagDeclarer,
  type SettingFault,
  type SettingsOf,
  type SettingSources,
  type SettingsTable,
} from './settings/read-settings.js';
export { hubSettings } from './settings/hub-settings.js';
export { HttpServer, type HttpServerOptions, type Readiness } from './http/http-server.js';
export { HttpError, HttpRouter, type HttpContext, type HttpHandler, type HttpRoute } from './http/router.js';
export { bearerTokenGuard, equalSecrets, readBearerToken } from './http/bearer-token.js';
export { readRequestBody } from './http/request-body.js';
export { toListenError, type ListenErrorCode } from './http/listen-error.js';
