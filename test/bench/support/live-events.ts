import type { ClientFile } from '@kubehero/rpc';

/** A server-sent event with its data parsed. */
export interface LiveEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Reads the control plane's live stream until the caller breaks out or the signal aborts. */
export async function* readEvents(
  { server, token }: Pick<ClientFile, 'server' | 'token'>,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<LiveEvent, void> {
  const response = await fetch(new URL(path, server), {
    headers: { authorization: `Bearer ${token}` },
    ...(signal === undefined ? {} : { signal }),
  });
  if (!response.ok || response.body === null) throw new Error(`the live stream answered ${response.status}`);
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parse(text.slice(0, end));
      text = text.slice(end + 2);
      if (event !== undefined) yield event;
    }
  }
}

function parse(block: string): LiveEvent | undefined {
  const event = /^event: (.*)$/m.exec(block)?.[1];
  const data = /^data: (.*)$/m.exec(block)?.[1];
  return event === undefined || data === undefined ? undefined : { event, data: JSON.parse(data) as unknown };
}
