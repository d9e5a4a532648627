// How the pages say who asks, from where, since when and for what. What a stranger could have written is cut and made
// visible here; html.ts escapes it.
import { isLoopback } from "../../loopback.ts";
import type { PendingLogin } from "../login/logins.ts";
import { html, strangersText, type Html } from "./html.ts";

const LONGEST_NAME = 64;
const LONGEST_AGENT = 120;

/** The program that asks. */
export function clientWords({ face, client }: PendingLogin): string {
  if (face === "menda") return "menda-cli, the menda command line";
  return client === "keywright" ? "The command line of keywright" : strangersText(client, LONGEST_NAME);
}

const SCOPES: Readonly<Record<string, string>> = {
  registry: "registry passwords",
  menda: "registry passwords",
};

/** What it will be able to do, in words; a scope without words is named. */
export function scopeWords(scope: string): string {
  const names = scope.split(" ").filter((name) => name !== "");
  const words = new Set(names.map((name) => SCOPES[name] ?? `“${strangersText(name, LONGEST_NAME)}”`));
  return words.size === 0 ? "nothing but to know who you are" : [...words].join(", and ");
}

/** `own`: the address of the browser that looks at the page. */
export function addressWords(address: string | undefined, own: string | undefined): Html {
  if (address === undefined) return html`An address that is not known`;
  const same = isLoopback(address) ? "this computer" : "this browser’s address";
  const note = address === own ? same : "not this browser’s address";
  return html`${strangersText(address, LONGEST_NAME)} <span class="soft small">(${note})</span>`;
}

export function agentWords(agent: string | undefined): string | undefined {
  const shown = strangersText(agent ?? "", LONGEST_AGENT);
  return shown === "" ? undefined : shown;
}

/** “2 minutes”; `seconds` is not negative. */
export function lengthWords(seconds: number): string {
  const [count, unit] = seconds < 60 ? [Math.floor(seconds), "second"] : [Math.floor(seconds / 60), "minute"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** Since when it waits, relative and absolute. */
export function whenWords(at: number, now: number): Html {
  const passed = Math.max(0, now - at);
  const ago = passed < 10 ? "Just now" : `${lengthWords(passed)} ago`;
  const iso = new Date(at * 1000).toISOString();
  return html`${ago} <span class="soft small">(<time datetime="${iso}">${dateWords(iso)}</time>)</span>`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** “22 Nov 2026, 13:30 UTC”. */
function dateWords(iso: string): string {
  const [year, month, day] = iso.slice(0, 10).split("-");
  return `${Number(day)} ${MONTHS[Number(month) - 1]} ${year}, ${iso.slice(11, 16)} UTC`;
}
