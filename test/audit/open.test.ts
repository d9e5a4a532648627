import { test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openAudit, type OpenAuditOptions } from "../../src/audit/open.ts";
import { syslogAudit } from "../../src/audit/stream.ts";
import { KeywrightError } from "../../src/errors.ts";
import { decision, folder, issued, optionsFor } from "./entries.ts";

interface Told {
  readonly warnings: string[];
  readonly lines: string[];
}

function options(path: string | undefined, other: Partial<OpenAuditOptions> = {}): OpenAuditOptions & Told {
  const told: Told = { warnings: [], lines: [] };
  const base = { ...optionsFor(""), path, sink: "file", configured: false } as const;
  const say = {
    warn: (text: string) => void told.warnings.push(text),
    stderr: (text: string) => void told.lines.push(text),
  };
  return { ...base, ...say, ...told, ...other };
}

const isAudit = (error: unknown): boolean =>
  error instanceof KeywrightError && error.code === "audit" && error.hint !== undefined;

test("the default file that cannot be written is given up with one warning; a configured one is a refusal", async (t) => {
  const blocked = join(folder(t), "file");
  writeFileSync(blocked, "");
  for (const path of [join(blocked, "audit.jsonl"), "/proc/keywright/audit.jsonl", "/dev/full", undefined]) {
    const byDefault = options(path);
    const audit = openAudit(byDefault);
    const id = await audit.decision(decision);
    await audit.issued(issued(id));
    await audit.decision(decision);
    assert.equal(byDefault.warnings.length, 1, String(path));
    assert.match(byDefault.warnings[0] ?? "", /going on without an audit/);
    assert.ok(id.startsWith("id"));

    const configured = options(path, { configured: true });
    await assert.rejects(openAudit(configured).decision(decision), isAudit);
    await assert.rejects(openAudit(configured).issued(issued("id")), isAudit);
    assert.deepEqual(configured.warnings, []);
  }
});

test("a home that is read-only or not ours turns the default file off with one warning", (t) => {
  const home = folder(t);
  mkdirSync(join(home, "home"), { mode: 0o500 });
  const root = process.getuid?.() === 0;
  if (root) chownSync(home, 65534, 65534);
  if (root) chownSync(join(home, "home"), 65534, 65534);
  const script = `const { openAudit, defaultAuditPath } = await import(${JSON.stringify(new URL("../../src/audit/open.ts", import.meta.url))});
    const path = defaultAuditPath(${JSON.stringify(join(home, "home"))});
    const audit = openAudit({ sink: "file", configured: false, path, clock: { now: () => 0 }, newId: () => "id", describe: () => "", stderr: console.error, warn: console.error });
    console.log(await audit.decision(JSON.parse(process.argv[1])), await audit.decision(JSON.parse(process.argv[1])));`;
  const user = root ? { uid: 65534, gid: 65534 } : {};
  const child = spawnSync(
    process.execPath,
    ["--input-type=module", "-e", script, JSON.stringify(decision)],
    user,
  );
  assert.equal(child.stdout.toString(), "id id\n");
  assert.match(child.stderr.toString(), /^the audit entry could not be written: EACCES[^\n]*\n$/);
});

function broken(): never {
  throw new Error("EPIPE");
}

test("the sinks stderr and none", async () => {
  const told = options(undefined, { sink: "stderr", configured: true });
  const audit = openAudit(told);
  await audit.issued(issued(await audit.decision(decision)));
  assert.equal(told.lines.length, 2);
  assert.ok(told.lines.every((line) => line.endsWith("}\n") && line.indexOf("\n") === line.length - 1));
  const [first = {}, second = {}] = told.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    [first["outcome"], first["time"], second["decision"]],
    ["granted", "2027-01-15T08:00:00.000Z", first["id"]],
  );

  await assert.rejects(
    openAudit(options(undefined, { sink: "stderr", configured: true, stderr: broken })).decision(decision),
    isAudit,
  );
  const none = options(undefined, { sink: "none", configured: true });
  assert.equal(await openAudit(none).decision(decision), "id1");
  await openAudit(none).issued(issued("id1"));
});

test("the sink syslog gives each entry to logger, on its stdin, and fails when logger does", async (t) => {
  const where = folder(t);
  const logger = join(where, "logger");
  writeFileSync(logger, `#!/bin/sh\n{ echo "$@"; /bin/cat; } >> '${where}/log'\n`, { mode: 0o700 });
  const audit = syslogAudit(optionsFor(""), [join(where, "absent"), logger]);
  await audit.issued(issued(await audit.decision(decision)));
  const lines = readFileSync(join(where, "log"), "utf8").split("\n");
  assert.equal(lines[0], "--tag keywright --priority auth.notice --socket-errors=on --size 16KiB");
  assert.equal((JSON.parse(lines[1] ?? "") as { id: string }).id, "id1");
  assert.equal((JSON.parse(lines[3] ?? "") as { decision: string }).decision, "id1");

  writeFileSync(logger, "#!/bin/sh\necho 'no socket' >&2; exit 1\n");
  await assert.rejects(
    audit.decision(decision),
    (error) => isAudit(error) && /no socket/.test((error as Error).message),
  );
  await assert.rejects(syslogAudit(optionsFor(""), [join(where, "absent")]).decision(decision), isAudit);
});
