import { RpcError, type ClientStream, type telemetry } from '@kubehero/rpc';
import type { OpenReport, ReportRequest, ReportResponse, ReportStream } from './messages.js';

type Call = ClientStream<telemetry.ReportRequestInput, telemetry.ReportResponse>;

/** Opens Report calls on a channel of the rpc package. */
export function reportOver(open: () => Call): OpenReport {
  return () => new RpcReportStream(open());
}

/**
 * A Report call of the rpc package as the uplink sees it. The uplink has at most a few batches on their way, so what
 * waits to be sent is bounded although `write` does not wait.
 */
class RpcReportStream implements ReportStream {
  private readonly listeners: {
    data?: (response: ReportResponse) => void;
    error?: (error: Error) => void;
    end?: () => void;
  } = {};

  constructor(private readonly call: Call) {
    void this.receive();
  }

  write(request: ReportRequest): boolean {
    this.call.send(request).catch((error: unknown) => {
      this.fail(error);
    });
    return true;
  }

  end(): void {
    if (!this.call.isOver()) this.call.end();
  }

  cancel(): void {
    this.call.cancel();
  }

  on(event: 'data', listener: (response: ReportResponse) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'end', listener: () => void): void;
  on(event: 'data' | 'error' | 'end', listener: (value: never) => void): void {
    Object.assign(this.listeners, { [event]: listener });
  }

  private async receive(): Promise<void> {
    try {
      for await (const response of this.call.responses) this.listeners.data?.(response);
      this.listeners.end?.();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.listeners.error?.(
      error instanceof RpcError ? error : new Error('the stream failed', { cause: error }),
    );
  }
}
