// Questions to the person at the terminal: written to standard error, answered on standard input, line by line. A secret
// is not echoed. Without a terminal the answers are read from the pipe.
import { stripVTControlCharacters } from "node:util";

export interface Prompt {
  /** The answer without white space around it. Throws Aborted at the end of input and on Ctrl-C. */
  ask(question: string): Promise<string>;
  /** The same, unseen. */
  askSecret(question: string): Promise<string>;
  close(): void;
}

/** The person does not want to go on: exit code 130. */
export const ABORTED: unique symbol = Symbol("aborted");

export function stdinPrompt(err: (text: string) => void): Prompt {
  const input = process.stdin;
  let buffered = "";
  let ended = false;
  let wake: (() => void) | undefined;
  const woken = (): void => {
    wake?.();
    wake = undefined;
  };
  const onData = (chunk: string): void => {
    buffered += chunk;
    woken();
  };
  const onEnd = (): void => {
    ended = true;
    woken();
  };
  input.setEncoding("utf8");
  input.on("data", onData);
  input.on("end", onEnd);

  async function line(): Promise<string> {
    for (;;) {
      const interrupt = buffered.search(/[\u0003\u0004]/);
      const end = buffered.search(/[\r\n]/);
      if (interrupt >= 0 && (end < 0 || interrupt < end)) throw ABORTED;
      if (end >= 0) {
        const text = buffered.slice(0, end);
        buffered = buffered.slice(buffered.startsWith("\r\n", end) ? end + 2 : end + 1);
        return cleaned(text);
      }
      if (ended) {
        if (buffered === "") throw ABORTED;
        const text = buffered;
        buffered = "";
        return cleaned(text);
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    async ask(question) {
      err(`${question} `);
      return line();
    },
    async askSecret(question) {
      const terminal = input.isTTY === true;
      if (terminal) input.setRawMode(true);
      try {
        err(`${question} `);
        return await line();
      } finally {
        if (terminal) input.setRawMode(false);
        err("\n");
      }
    },
    close() {
      input.off("data", onData);
      input.off("end", onEnd);
      input.pause();
    },
  };
}

/** In raw mode nobody else deletes what the person deleted: Ctrl-U empties the line, Backspace takes one character. */
function cleaned(text: string): string {
  const kept: string[] = [];
  for (const char of stripVTControlCharacters(text)) {
    if (char === "\u0015") kept.length = 0;
    else if (char === "\u007f" || char === "\b") kept.pop();
    else kept.push(char);
  }
  return kept.join("").trim();
}
