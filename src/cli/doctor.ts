// `keywright doctor`: finds what keeps keywright from being asked, or from answering, and says what to do about each. It
// changes nothing, and asks the network only with --online.
import { Argument, type Command } from "commander";
import { CLIENTS, type Client } from "../clients/client.ts";
import type { Finding } from "../doctor/finding.ts";
import type { Examined } from "../doctor/patient.ts";
import { asKeywrightError, KeywrightError } from "../errors.ts";
import { thisMachine } from "../io/machine.ts";
import type { CliContext } from "./context.ts";
import { addressesOf, type Addresses, type Place } from "./whose.ts";

interface DoctorOptions {
  readonly json?: boolean;
  readonly online?: boolean;
}

const EXAMPLES = `
Exit code 0: nothing was found; 3: something was. docs/doctor.md has all findings by their ids.

Examples:
  keywright doctor
  keywright doctor uv --json
  keywright doctor --online        asks the hosts of the configuration for the time, too`;

/** `place`: a stand-in for /etc and the working directory, for tests. */
export function addDoctor(program: Command, context: CliContext, place: Place = {}): void {
  program
    .command("doctor")
    .description("find what keeps clients from getting credentials, and say what to do")
    .addArgument(new Argument("[client]", "only what this client needs").choices(CLIENTS))
    .option("--online", "also ask the hosts of the configuration: reachable, trusted, the same time")
    .option("--json", "as JSON, for scripts")
    .addHelpText("after", EXAMPLES)
    .action((client: Client | undefined, options: DoctorOptions) => doctor(client, options, context, place));
}

async function doctor(
  client: Client | undefined,
  options: DoctorOptions,
  context: CliContext,
  place: Place,
): Promise<void> {
  const { examine } = await import("../doctor/examine.ts");
  const findings = await examine(
    await examined(client, context, place),
    options.online === true ? await httpOf(context) : undefined,
  );
  const json = options.json === true;
  if (json) context.out(`${JSON.stringify({ ok: findings.length === 0, findings: findings.map(asJson) })}\n`);
  else for (const finding of findings) context.out(told(finding));
  if (findings.length === 0) return json ? undefined : context.out("nothing found\n");
  const many = findings.length === 1 ? "one thing was found" : `${findings.length} things were found`;
  throw new KeywrightError("configuration", many, { hint: "docs/doctor.md says more about each id." });
}

async function examined(client: Client | undefined, context: CliContext, place: Place): Promise<Examined> {
  let addresses: Addresses | undefined;
  let configFault: Examined["configFault"];
  try {
    addresses = await addressesOf(context, place);
  } catch (thrown) {
    configFault = asKeywrightError(thrown);
  }
  return {
    machine: thisMachine({ ...context, ...place }),
    client,
    config: addresses?.config,
    configFault,
    whose: addresses?.whose ?? (() => "foreign"),
    now: context.clock.now(),
    programFile: context.programFile,
  };
}

async function httpOf({ env, clock }: CliContext) {
  const { createHttp } = await import("../io/http.ts");
  return createHttp({ env, clock });
}

function asJson({ id, severity, cause, remedy, where }: Finding): object {
  return { id, severity, cause, remedy, where: where ?? null };
}

function told({ id, severity, cause, remedy }: Finding): string {
  return `${severity} ${id}: ${cause}\n  ${remedy}\n`;
}
