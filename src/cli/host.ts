// `keywright host`: what is remembered about menda hosts, and forgetting it. It asks no host anything.
import type { Command } from "commander";
import { hostMemory, type KnownHost } from "../account/host-memory.ts";
import { KeywrightError } from "../errors.ts";
import type { CliContext } from "./context.ts";

export function addHost(program: Command, context: CliContext): void {
  const host = program.command("host").description("what is remembered about menda hosts");
  host.addHelpText(
    "after",
    "\nA host that once published OAuth metadata is never again spoken to in the older menda form,\n" +
      "until it is forgotten here.\n\nExamples:\n  keywright host list\n  keywright host forget https://menda.example\n",
  );
  host
    .command("list")
    .description("show the hosts that were asked for their metadata")
    .option("--json", "as JSON, for scripts")
    .addHelpText("after", "\nExamples:\n  keywright host list\n  keywright host list --json\n")
    .action((options: { readonly json?: boolean }) => {
      const known = hostMemory(context.home).list();
      context.out(
        options.json === true ? `${JSON.stringify(known.map(asJson))}\n` : known.map(asLine).join(""),
      );
      if (known.length === 0 && options.json !== true) context.err("no host is remembered\n");
    });
  host
    .command("forget")
    .description("forget everything about a host, so that its next answer counts")
    .argument("<host>", "the host as the menda profile names it, for example https://menda.example")
    .addHelpText("after", "\nExample:\n  keywright host forget https://menda.example\n")
    .action((name: string) => {
      const wanted = name.replace(/\/+$/, "");
      if (hostMemory(context.home).forget(wanted)) return context.err(`forgotten: ${wanted}\n`);
      throw new KeywrightError("not_found", `nothing is remembered about ${wanted}`, {
        hint: "'keywright host list' shows what is; write the host with its https://.",
      });
    });
}

function asJson({ host, metadataSince, askedAt }: KnownHost): object {
  return { host, metadata_since: metadataSince ?? null, asked_at: askedAt ?? null };
}

function asLine({ host, metadataSince, askedAt }: KnownHost): string {
  const since = metadataSince === undefined ? "no metadata" : `metadata since ${date(metadataSince)}`;
  return `${host}  ${since}${askedAt === undefined ? "" : `, asked ${date(askedAt)}`}\n`;
}

function date(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}
