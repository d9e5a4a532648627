// The originals' answers as they are kept in the repository, for machines without a Python that can run them.
// `sh scripts/run.sh node test/secrets/oracle/stored.ts` asks the originals again and writes the file.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installTools, toolPath } from "../../../scripts/tools.ts";
import { keyOf, type OracleCase, type Outcome } from "./case.ts";
import { handWritten } from "./cases.ts";
import { generatedCases } from "./generated.ts";
import { gopassFolders } from "./gopass.ts";
import { theirs, type Originals } from "./sides.ts";

export interface Stored {
  readonly packages: Originals["packages"];
  /** By the key of the case. */
  readonly answers: Readonly<Record<string, Outcome>>;
}

const FILE = join(import.meta.dirname, "answers.json");

export function readStored(): Stored {
  return JSON.parse(readFileSync(FILE, "utf8")) as Stored;
}

export function asStored(cases: readonly OracleCase[], { packages, answers }: Originals): Stored {
  return {
    packages,
    answers: Object.fromEntries(cases.map((one, at) => [keyOf(one), answers[at] as Outcome])),
  };
}

/** One answer a line, so that a change can be read. */
function write({ packages, answers }: Stored): void {
  const lines = Object.entries(answers).map(
    ([key, answer]) => `${JSON.stringify(key)}:${JSON.stringify(answer)}`,
  );
  writeFileSync(
    FILE,
    `{"packages":${JSON.stringify(packages)},"answers":{\n${lines.sort().join(",\n")}\n}}\n`,
  );
}

if (import.meta.main) {
  installTools(["mxm"], console.log);
  const cases = [...handWritten, ...generatedCases()];
  const folder = mkdtempSync(join(tmpdir(), "keywright-oracle-"));
  write(asStored(cases, theirs(toolPath("mxm", "python"), cases, gopassFolders(folder))));
  rmSync(folder, { recursive: true });
  console.log(`${cases.length} cases`);
}
