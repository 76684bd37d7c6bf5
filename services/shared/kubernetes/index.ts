export { ApiError, type ApiErrorCode } from './api/api-error.js';
export {
  currentContext,
  inClusterServer,
  kubeconfigServer,
  serviceAccountFolder,
  type ApiServer,
} from './api/api-server.js';
export { getJson, openGet, writeJson, type ApiGet, type ApiWrite } from './api/api-request.js';
export { ListWatch, type ApiObject, type ListWatchOptions, type WatchSink } from './watch/list-watch.js';
export { parseQuantity, QuantityError } from './quantity.js';
export { Reconciler, TerminalError, type ReconcilerOptions, type Result } from './reconcile/reconciler.js';
