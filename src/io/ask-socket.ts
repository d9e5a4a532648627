// One line to a socket in the file system, and the one line that comes back. It does not know what the lines mean.
import { connect } from "node:net";
import { KeywrightError } from "../errors.ts";

const LONGEST_ANSWER = 16 * 1024 * 1024;

/** undefined: nobody listens there. Throws `network` when somebody does and does not answer. */
export function askSocket(path: string, line: string, limitMs: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(path);
    const fail = (cause?: Error): void => {
      socket.destroy();
      reject(
        new KeywrightError("network", `the server at ${path} did not answer`, {
          hint: "Look at the server's log; whether it did what was asked is in `keywright audit show --data`.",
          cause,
        }),
      );
    };
    socket.setEncoding("utf8").setTimeout(limitMs, () => fail());
    socket.on("connect", () => socket.write(`${line}\n`));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code !== undefined && NOBODY.has(error.code) && text === "" ? resolve(undefined) : fail(error),
    );
    socket.on("data", (piece: string) => {
      text += piece;
      if (text.length > LONGEST_ANSWER) fail();
    });
    socket.on("close", () => (text.endsWith("\n") ? resolve(text.slice(0, -1)) : fail()));
  });
}

/** No such file, nobody behind it, or no socket at all. */
const NOBODY: ReadonlySet<string> = new Set(["ENOENT", "ECONNREFUSED", "ENOTSOCK"]);
