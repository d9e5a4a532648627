// Values that must show up nowhere, and the search for them: as they are, in the usual encodings, and in part. It also
// watches the arguments of every process while something runs.
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface Canary {
  readonly name: string;
  readonly value: string;
}

/** Two random halves of mixed letters; between them what encodings treat differently. */
export function canary(name: string, between = "", bytes = 9): Canary {
  const letter = (digit: string): string => "ghjkmnpqrs"[Number(digit)] ?? "";
  const half = (): string => randomBytes(bytes).toString("hex").toUpperCase().replace(/[0-9]/g, letter);
  return { name, value: `${half()}${between}${half()}` };
}

/** What to look for, in lower case: each end as it is (escapes and cuts leave one whole), and the whole encoded. */
function formsOf({ value }: Canary): readonly string[] {
  const bytes = Buffer.from(value);
  const plain = [value.slice(0, 14), value.slice(-14)];
  const inside = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replaceAll("=", "");
    const whole = text.slice(4, -4);
    return [whole.slice(0, 16), whole.slice(-16)];
  });
  const url = inside.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  const hex = bytes.toString("hex");
  return [...plain, ...inside, ...url, hex.slice(0, 24), hex.slice(-24)].map((form) => form.toLowerCase());
}

const known = new WeakMap<Canary, readonly string[]>();

/** The names of the canaries that are in `text`. */
export function found(text: string | Buffer, canaries: readonly Canary[]): readonly string[] {
  const low = (typeof text === "string" ? text : text.toString("latin1")).toLowerCase();
  return canaries
    .filter((one) => {
      const forms = known.get(one) ?? formsOf(one);
      known.set(one, forms);
      return forms.some((form) => low.includes(form));
    })
    .map(({ name }) => name);
}

/** `file: name of the canary`, for every file below the folder (links are not followed). */
export function foundBelow(
  folder: string,
  canaries: readonly Canary[],
  but: (file: string) => readonly Canary[] = () => [],
): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).flatMap((file) => {
    const path = join(folder, file);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return [];
    const allowed = but(file);
    const sought = canaries.filter((one) => !allowed.includes(one));
    return [...found(readFileSync(path), sought), ...found(file, sought)].map((name) => `${file}: ${name}`);
  });
}

export interface Watch {
  /** `command: name of the canary`, for all but the process that was given one. */
  end(but: number): readonly string[];
}

/** Looks at the arguments of every process that begins from now on, every few milliseconds. */
export function watchArguments(canaries: readonly Canary[]): Watch {
  const before = new Set(readdirSync("/proc"));
  const seen = new Map<string, readonly [number, string]>();
  const look = (): void => {
    for (const pid of readdirSync("/proc")) {
      if (!/^[0-9]+$/.test(pid) || before.has(pid)) continue;
      const text = argumentsOf(pid);
      if (text !== undefined) seen.set(`${pid} ${text}`, [Number(pid), text]);
    }
  };
  const timer = setInterval(look, 10).unref();
  return {
    end(but) {
      look();
      clearInterval(timer);
      return [...seen.values()].flatMap(([pid, text]) =>
        pid === but ? [] : found(text, canaries).map((name) => `${text.slice(0, 60)}: ${name}`),
      );
    },
  };
}

function argumentsOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
  } catch {
    return undefined; // It has ended meanwhile.
  }
}
