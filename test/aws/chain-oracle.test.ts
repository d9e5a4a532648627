// botocore as the oracle of the credential chain: the same home, environment and files give the same credentials, or the
// same kind of failure, through it, through our library, and through the executable in an almost empty chroot.
import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { installTools, toolPath } from "../../scripts/tools.ts";
import { credentialChain } from "../../src/aws/chain.ts";
import { asKeywrightError } from "../../src/errors.ts";
import { systemClock } from "../../src/io/clock.ts";
import { createHttp } from "../../src/io/http.ts";
import { FORMS, run } from "../e2e/programs.ts";
import { awsStandIn } from "./aws-stand-in.ts";
import type { ChainCase } from "./chain-case-parts.ts";
import { CHAIN_CASES } from "./chain-cases.ts";
import { placeOf, type CasePlace } from "./chain-place.ts";
import { chrootWith } from "./chroot.ts";

interface Found {
  readonly access?: string;
  readonly secret?: string;
  readonly token?: string | null;
  readonly region?: string | null;
  readonly error?: string;
}

async function askBotocore(
  places: readonly (CasePlace & { readonly profile: string | undefined })[],
  folder: string,
): Promise<readonly Found[]> {
  installTools(["aws"], () => undefined);
  const list = join(folder, "cases.json");
  writeFileSync(list, JSON.stringify(places));
  const script = join(import.meta.dirname, "chain_oracle.py");
  const { code, stdout, stderr } = await run(toolPath("aws", "python"), [script, list], {
    env: { HOME: folder },
  });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as readonly Found[];
}

async function askLibrary({ home, env }: CasePlace, profile: string | undefined): Promise<Found> {
  try {
    const clock = systemClock;
    const chain = credentialChain({
      env,
      home,
      clock,
      http: createHttp({ env, clock }),
      profile,
      sleep: async () => {},
    });
    const { accessKeyId, secretAccessKey, sessionToken } = await chain.credentials();
    const region = chain.region() ?? null;
    return {
      access: accessKeyId,
      secret: secretAccessKey.reveal(),
      token: sessionToken?.reveal() ?? null,
      region,
    };
  } catch (thrown) {
    const { code, message, hint } = asKeywrightError(thrown);
    assert.doesNotMatch(`${message} ${hint}`, SECRETS);
    return { error: code };
  }
}

/** What the rows have for secrets, and the stand-in gives. */
const SECRETS = /secret\/of|token\/of|sso-access|refresh-|client-secret|container-token|token\.of/;

const said = ({ access, error }: Found): string => access ?? error ?? "";

function isSame({ fails, differs }: ChainCase, ours: Found, other: Found): boolean {
  if (differs !== undefined) return differs.ours.test(said(ours)) && differs.botocore.test(said(other));
  if (fails !== undefined)
    return isDeepStrictEqual([other, ours], [{ error: fails[0] }, { error: fails[1] }]);
  return other.access !== undefined && isDeepStrictEqual(ours, other);
}

const folder = mkdtempSync(join(realpathSync(tmpdir()), "keywright-chain-"));
const aws = await awsStandIn();
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await aws.close();
});

/** The places of all rows; `root`: where they are made, `seen`: what the program will call that. */
function places(root: string, seen: string = root): readonly CasePlace[] {
  return CHAIN_CASES.map((row, at) =>
    placeOf(row, { root: join(root, String(at)), seen: join(seen, String(at)), aws: aws.origin }),
  );
}

const theirs = await askBotocore(
  places(join(folder, "botocore")).map((place, at) => ({ ...place, profile: CHAIN_CASES[at]?.profile })),
  folder,
);

/** Asks for every row, several at once, and tells all that is different. */
async function differences(
  homes: readonly CasePlace[],
  ask: (place: CasePlace, profile: string | undefined) => Promise<Found>,
  expected: (theirs: Found) => Found,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const rows = [...CHAIN_CASES.entries()];
  const worker = async (): Promise<void> => {
    for (let next = rows.shift(); next !== undefined; next = rows.shift()) {
      const [at, row] = next;
      const ours = await ask(homes[at] as CasePlace, row.profile);
      const other = expected(theirs[at] ?? {});
      if (!isSame(row, ours, other))
        faults.push(`${row.name}: ${JSON.stringify(ours)}, botocore ${JSON.stringify(other)}`);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return faults;
}

test("the table is large enough, and every name is there once", () => {
  assert.ok(CHAIN_CASES.length >= 100);
  assert.equal(new Set(CHAIN_CASES.map(({ name }) => name)).size, CHAIN_CASES.length);
});

test("the table on the library: key, secret, token and region are those that botocore finds", async () => {
  assert.deepEqual(await differences(places(join(folder, "library")), askLibrary, (found) => found), []);
});

test("the table on the executable in an almost empty chroot: the same key ids and regions", async () => {
  const executable = FORMS.find(({ name }) => name === "executable")?.program("keywright") ?? "";
  const chroot = chrootWith(executable, join(folder, "root"));
  const ask = async ({ env }: CasePlace, profile: string | undefined): Promise<Found> => {
    const named = profile === undefined ? [] : ["--profile", profile];
    const { code, stdout, stderr } = await chroot.run(["aws", "whoami", "--json", ...named], env);
    assert.doesNotMatch(stdout + stderr, SECRETS);
    if (code !== 0)
      return { error: (JSON.parse(stderr) as { readonly error: { readonly code: string } }).error.code };
    const { access_key_id: access, region } = JSON.parse(stdout) as {
      readonly access_key_id: string;
      readonly region: string;
    };
    return { access, region };
  };
  const visible = ({ access, region, error }: Found): Found =>
    access === undefined ? { error: error ?? "" } : { access, region: region ?? null };
  assert.deepEqual(await differences(places(join(chroot.root, "h"), "/h"), ask, visible), []);
});
