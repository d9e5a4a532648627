// DIR/admin.sock: how commands reach the running server. One line of JSON each way. Nobody but the server's own user and
// root can connect, since the folder is 0700 and the socket 0600; Node cannot ask the kernel who the peer is, so the
// name of the user is what the command says, which is no weaker: that user could also write the database.
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { asKeywrightError, KeywrightError } from "../errors.ts";
import { administer, type AdminHouse } from "./admin.ts";
import { parseAdminRequest } from "./admin-command.ts";
import { explainDataFault } from "./data-fault.ts";

export interface AdminSocket {
  /** Lets the commands under way end, then takes the socket away. */
  close(): Promise<void>;
}

export function adminSocketPath(folder: string): string {
  return join(folder, "admin.sock");
}

const LONGEST_LINE = 64 * 1024;
const IDLE_MS = 10_000;
const MOST_CONNECTIONS = 256;

/** Call it with the folder's lock held: then a socket that is there already is a dead server's. */
export async function openAdminSocket(folder: string, house: AdminHouse): Promise<AdminSocket> {
  const path = adminSocketPath(folder);
  removeStale(path);
  const silent = new Set<Socket>();
  const server = createServer((socket) => converse(socket, house, silent));
  server.maxConnections = MOST_CONNECTIONS;
  await listen(server, path);
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of silent) socket.destroy();
      }),
  };
}

/** `silent` holds the connections over which no command has come. */
function converse(socket: Socket, house: AdminHouse, silent: Set<Socket>): void {
  silent.add(socket);
  socket.on("close", () => silent.delete(socket));
  let text = "";
  let asked = false;
  socket.setEncoding("utf8").setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (piece: string) => {
    if (asked) return;
    text += piece;
    const end = text.indexOf("\n");
    if (end === -1 && text.length <= LONGEST_LINE) return;
    asked = true;
    silent.delete(socket);
    socket.setTimeout(0);
    void answer(house, end === -1 ? "" : text.slice(0, end)).then((line) => socket.end(`${line}\n`));
  });
}

async function answer(house: AdminHouse, line: string): Promise<string> {
  try {
    const { command, actor } = parseAdminRequest(line);
    return JSON.stringify({ result: await administer(house, command, actor) });
  } catch (thrown) {
    const { code, message, hint } = asKeywrightError(explainDataFault(thrown, house.data.folder));
    return JSON.stringify({ error: { code, message, hint } });
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        new KeywrightError("configuration", `the socket ${path} cannot be made (${cause.code ?? "failed"})`, {
          hint: "Its path may have 100 characters at most, on a file system that has sockets: choose another --data.",
          cause,
        }),
      ),
    );
    server.listen(path, resolve);
  });
}

function removeStale(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new KeywrightError("configuration", `${path} is there, and is not a socket`, {
      hint: "Look what it is, and move it away.",
    });
  }
  unlinkSync(path);
}
