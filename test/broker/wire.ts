// Bytes on a socket, as no HTTP client would send them, and what comes back.
import { connect, type Socket } from "node:net";

export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface Wire {
  readonly socket: Socket;
  /** Everything that came so far. */
  got(): string;
  write(text: string): void;
  /** Resolves with everything that came, once the other side has ended the connection or reset it. */
  readonly ended: Promise<string>;
  /** Resolves once this text has come; rejects when the connection ends before. */
  until(text: string): Promise<string>;
}

export function wire({ host, port }: Place, text = "", from?: string): Wire {
  const socket = connect({ host, port, ...(from === undefined ? {} : { localAddress: from }) });
  let got = "";
  let look: (() => void) | undefined;
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    got += chunk;
    look?.();
  });
  socket.on("error", () => undefined);
  const ended = new Promise<string>((resolve) => socket.on("close", () => resolve(got)));
  if (text !== "") socket.write(text);
  return {
    socket,
    got: () => got,
    write: (more) => void (socket.destroyed || socket.write(more)),
    ended,
    until: (wanted) =>
      new Promise((resolve, reject) => {
        look = () => got.includes(wanted) && resolve(got);
        look();
        void ended.then(() => reject(new Error(`ended after: ${got.slice(0, 300)}`)));
      }),
  };
}

/** The first answer in a text. */
export function answerIn(text: string): {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
} {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  return {
    status: Number(head.split(" ")[1]),
    json: JSON.parse(body.slice(0, length)) as Record<string, unknown>,
  };
}

export const HEALTHZ = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
/** The end of the answer to it. */
export const HEALTHY = '{"status":"ok"}';
