// The open connections: how many there may be, which of them make room when it gets full, and how they end. When there
// is no room, the one goes that has waited longest without a whole request, so that whoever sends one is still served.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../io/clock.ts";
import type { Limits } from "./limits.ts";

export interface Connections {
  /** False: there is no room, and nobody makes any. `address` undefined: one that many clients share, a proxy's. */
  admit(socket: Socket, address: string | undefined): boolean;
  /** Returns false when the request is not to be answered, since its connection was turned away. */
  begin(request: IncomingMessage, response: ServerResponse): boolean;
  /** Ends what is too slow; `tooSlow` answers it. For connections over which nobody else watches. */
  sweep(tooSlow: (socket: Socket) => void): void;
  /** Ends what waits; what was begun ends with its answer. */
  drain(): void;
  destroyAll(): void;
  readonly open: number;
  readonly refused: number;
  readonly evicted: number;
}

interface Connection {
  readonly socket: Socket;
  readonly address: string | undefined;
  /** Requests that have no answer yet; more than one when they are pipelined. */
  pending: number;
  request: IncomingMessage | undefined;
  response: ServerResponse | undefined;
  /** When it last began to wait, or to send its request. */
  since: number;
  /** How much it had sent then. */
  read: number;
  spoken: boolean;
}

export function createConnections(limits: () => Limits, clock: Clock): Connections {
  /** By the time since when they wait: the first has waited longest. */
  const all = new Map<Socket, Connection>();
  const byAddress = new Map<string, Set<Connection>>();
  let draining = false;
  let refused = 0;
  let evicted = 0;

  function forget(connection: Connection): void {
    all.delete(connection.socket);
    const { address } = connection;
    const peers = address === undefined ? undefined : byAddress.get(address);
    if (peers?.delete(connection) === true && peers.size === 0) byAddress.delete(address as string);
  }

  function makeRoom(among: Iterable<Connection>): boolean {
    for (const connection of among) {
      if (!isWaiting(connection)) continue;
      forget(connection);
      connection.socket.destroy();
      evicted += 1;
      return true;
    }
    return false;
  }

  function hasRoom(peers: ReadonlySet<Connection>): boolean {
    const { connections, connectionsPerAddress } = limits();
    if (peers.size >= connectionsPerAddress && !makeRoom(peers)) return false;
    return all.size < connections || makeRoom(all.values());
  }

  /** The last of all to make room. */
  function requeue(connection: Connection): void {
    const peers = connection.address === undefined ? undefined : byAddress.get(connection.address);
    all.delete(connection.socket);
    all.set(connection.socket, connection);
    if (peers?.delete(connection) === true) peers.add(connection);
  }

  function answered(connection: Connection): void {
    connection.pending -= 1;
    if (!all.has(connection.socket) || connection.pending > 0) return;
    if (draining) {
      connection.socket.destroySoon();
      return;
    }
    connection.request = undefined;
    connection.response = undefined;
    connection.since = clock.now();
    connection.read = connection.socket.bytesRead;
    requeue(connection);
  }

  return {
    admit(socket, address) {
      const peers = (address === undefined ? undefined : byAddress.get(address)) ?? new Set();
      if (draining || !hasRoom(peers)) {
        refused += 1;
        return false;
      }
      const connection: Connection = {
        socket,
        address,
        pending: 0,
        request: undefined,
        response: undefined,
        since: clock.now(),
        read: 0,
        spoken: false,
      };
      all.set(socket, connection);
      if (address !== undefined) byAddress.set(address, peers.add(connection));
      socket.once("close", () => forget(connection));
      return true;
    },
    begin(request, response) {
      const connection = all.get(request.socket);
      if (connection === undefined) return false;
      connection.pending += 1;
      connection.request = request;
      connection.response = response;
      connection.since = clock.now();
      connection.spoken = true;
      if (draining) sayClose(response);
      response.once("close", () => answered(connection));
      return true;
    },
    sweep(tooSlow) {
      for (const connection of all.values()) {
        const verdict = patienceWith(connection, limits(), clock.now());
        if (verdict === "idle") connection.socket.destroy();
        if (verdict === "slow") tooSlow(connection.socket);
      }
    },
    drain() {
      draining = true;
      for (const { socket, pending, response } of all.values()) {
        if (pending === 0) socket.destroy();
        else if (response !== undefined) sayClose(response);
      }
    },
    destroyAll() {
      for (const { socket } of all.values()) socket.destroy();
    },
    get open() {
      return all.size;
    },
    get refused() {
      return refused;
    },
    get evicted() {
      return evicted;
    },
  };
}

function sayClose(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("Connection", "close");
}

/** Nothing was begun for it: it is idle, or its request is not all there. */
function isWaiting({ pending, request }: Connection): boolean {
  return pending === 0 || (pending === 1 && request?.complete !== true);
}

function patienceWith(connection: Connection, limits: Limits, now: number): "fine" | "idle" | "slow" {
  const { socket, pending, spoken } = connection;
  if (pending > 0) {
    return isWaiting(connection) && now - connection.since > limits.requestSeconds ? "slow" : "fine";
  }
  // A keep-alive connection is idle until a byte of its next request comes; from then on the header has its time.
  if (spoken && socket.bytesRead === connection.read) {
    return now - connection.since > limits.idleSeconds ? "idle" : "fine";
  }
  if (spoken) {
    connection.spoken = false;
    connection.since = now;
  }
  return now - connection.since > limits.headerSeconds ? "slow" : "fine";
}
