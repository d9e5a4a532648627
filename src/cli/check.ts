// `keywright check`: whether every store can be used now, and if not, why. It reads no value.
import type { Command } from "commander";
import { KeywrightError } from "../errors.ts";
import type { StoreState } from "../keywright.ts";
import type { CliContext } from "./context.ts";
import { opened } from "./opened.ts";

export function addCheck(program: Command, context: CliContext): void {
  program
    .command("check")
    .description("whether every store can be used; exit code 8 when one cannot")
    .option("--json", "as JSON, for scripts")
    .addHelpText("after", "\nExamples:\n  keywright check\n  keywright check --json\n")
    .action((options: { readonly json?: boolean }) => check(options.json === true, context));
}

async function check(json: boolean, context: CliContext): Promise<void> {
  const states = await (await opened(context)).check();
  context.out(json ? `${JSON.stringify(states.map(asJson))}\n` : asText(states));
  const failed = states.filter(({ fault }) => fault !== undefined).length;
  if (failed === 0) return;
  throw new KeywrightError("backend", `${failed} of ${states.length} stores cannot be used`);
}

function asJson({ store, backend, fault }: StoreState): object {
  const error = fault && { code: fault.code, message: fault.message, hint: fault.hint ?? null };
  return { store, backend, ready: fault === undefined, error: error ?? null };
}

function asText(states: readonly StoreState[]): string {
  if (states.length === 0) return "no store is configured\n";
  const width = (key: "store" | "backend"): number => Math.max(...states.map((state) => state[key].length));
  const [stores, backends] = [width("store"), width("backend")];
  return states
    .map(({ store, backend, fault }) => {
      const begin = `${store.padEnd(stores)}  ${backend.padEnd(backends)}  `;
      if (fault === undefined) return `${begin}ready\n`;
      const hint = fault.hint === undefined ? "" : `${" ".repeat(begin.length)}${fault.hint}\n`;
      return `${begin}not ready: ${fault.message}\n${hint}`;
    })
    .join("");
}
