import { tryFindLeader, type Database, type Kysely } from '@kubehero/store-postgres';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Forwards connections to whoever leads: what the Service's EndpointSlice does in a cluster. */
export class LeaderProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /**
   * @param portOf - port to forward to, by the leader's advertised address
   */
  constructor(
    private readonly db: Kysely<Database>,
    private readonly portOf: ReadonlyMap<string, number>,
  ) {
    this.#server = createServer((client) => void this.#forward(client));
  }

  /** Listens on a free port of the loopback address. */
  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection, as an endpoint that disappears does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Stops listening. */
  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) =>
      this.#server.close(() => {
        resolve();
      }),
    );
  }

  async #forward(client: Socket): Promise<void> {
    this.#track(client);
    const leader = await tryFindLeader(this.db).catch(() => undefined); // no answer: no leader to forward to
    const port = leader === undefined ? undefined : this.portOf.get(leader.address);
    if (port === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(port, '127.0.0.1');
    this.#track(upstream);
    client.pipe(upstream).pipe(client);
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
