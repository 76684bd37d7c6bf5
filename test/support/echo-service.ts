import { implement, telemetry, type Handlers, type Implementation } from '@kubehero/rpc';

type TelemetryHandlers = Handlers<NonNullable<(typeof telemetry.TelemetryService)['shape']>>;

/** The telemetry service with a handler of the test's own: a stream in both directions to try transports with. */
export function streamService(report: TelemetryHandlers['Report']): Implementation {
  return implement(telemetry.TelemetryService, { Report: report });
}

/** Acknowledges every batch at once. */
export const acknowledgeAll: TelemetryHandlers['Report'] = async (stream) => {
  for await (const request of stream.requests) {
    if (request.batch !== undefined) {
      await stream.send({ acknowledgement: { throughSequence: request.batch.sequence } });
    }
  }
};
