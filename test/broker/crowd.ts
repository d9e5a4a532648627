// Many clients of a broker at once, each over one kept-alive connection of its own, asking for tokens until the broker is
// gone. They remember every token that arrived whole.
import { createHash } from "node:crypto";
import { connect } from "node:net";

export interface Crowd {
  /** SHA-256 of the tokens that were received so far, hexadecimal. */
  readonly received: ReadonlySet<string>;
  /** Resolves once so many have been received. */
  reached(count: number): Promise<void>;
  /** Resolves when every connection has ended. */
  readonly gone: Promise<unknown>;
}

export function crowd(port: number, secret: string, clients: number): Crowd {
  const received = new Set<string>();
  const waiting: { readonly count: number; done(): void }[] = [];
  const body = "grant_type=client_credentials";
  const request =
    `POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${Buffer.from(`ci:${secret}`).toString("base64")}\r\n` +
    `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const one = (): Promise<void> =>
    new Promise((ended) => {
      const socket = connect(port, "127.0.0.1");
      let text = "";
      socket.setEncoding("latin1").on("connect", () => socket.write(request));
      socket.on("error", () => undefined).on("close", () => ended());
      socket.on("data", (chunk: string) => {
        text += chunk;
        const token = /"access_token":"(kw_[A-Za-z0-9_-]{49})"[^}]*\}/.exec(text)?.[1];
        if (token === undefined) return;
        received.add(createHash("sha256").update(token).digest("hex"));
        for (const { count, done } of waiting) if (received.size >= count) done();
        text = "";
        socket.write(request);
      });
    });
  const gone = Promise.all(Array.from({ length: clients }, one));
  return {
    received,
    reached: (count) => new Promise((done) => waiting.push({ count, done })),
    gone,
  };
}
