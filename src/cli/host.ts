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
      "until it is forgotten here.\n\nExamples:\n  keywright host list\n  keywright host forget https://menda.example\n" +
      "  keywright host menda https://menda.example\n",
  );
  host
    .command("menda")
    .description("say that a host is a menda cloud without metadata, so that it is not asked for any")
    .argument("<host>", "the host as the menda profile names it")
    .addHelpText(
      "after",
      "\nFor a host that answers something else than 404 when it is asked for its OAuth metadata (403 of an API\n" +
        "gateway, a login page). The client id and secret then travel in the query string, as menda-keyring sends\n" +
        "them. 'keywright host forget' takes it back.\n\nExample:\n  keywright host menda https://menda.example\n",
    )
    .action((name: string) => {
      const wanted = name.replace(/\/+$/, "");
      if (!URL.canParse(wanted) || !/^https?:$/.test(new URL(wanted).protocol)) {
        throw new KeywrightError("usage", "the host is not of the form https://menda.example");
      }
      hostMemory(context.home).sayMenda(wanted, context.clock.now());
      context.err(`noted: ${wanted} speaks the menda form\n`);
    });
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

function asJson({ host, metadataSince, askedAt, saidMenda }: KnownHost): object {
  return { host, metadata_since: metadataSince ?? null, asked_at: askedAt ?? null, said_menda: saidMenda };
}

function asLine({ host, metadataSince, askedAt, saidMenda }: KnownHost): string {
  const known = metadataSince === undefined ? "no metadata" : `metadata since ${date(metadataSince)}`;
  const since = saidMenda ? "menda form, as you said" : known;
  return `${host}  ${since}${askedAt === undefined ? "" : `, asked ${date(askedAt)}`}\n`;
}

function date(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}
