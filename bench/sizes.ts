// node bench/sizes.ts: how large what people install is: the executable, beside an empty one of the same kind; the wheels
// of this machine and for any; the npm package. Run it through `sh scripts/run.sh node bench/sizes.ts` after `npm run build:exe`.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWheel } from "../scripts/build-wheels.ts";
import { bun, ROOT } from "../scripts/executable.ts";

const folder = mkdtempSync(join(tmpdir(), "keywright-sizes-"));
try {
  const script = join(folder, "empty.ts");
  const empty = join(folder, "empty");
  writeFileSync(script, "");
  bun(["build", "--compile", `--outfile=${empty}`, script]);
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--silent", "--pack-destination", folder], {
      cwd: ROOT,
      encoding: "utf8",
    }),
  ) as readonly { readonly size: number; readonly unpackedSize: number }[];
  row("empty executable of Bun", statSync(empty).size);
  row("executable", statSync(join(ROOT, "build", "keywright")).size);
  row("wheel of this machine", statSync(buildWheel("own", folder)).size);
  row("wheel for any platform", statSync(buildWheel("any", folder)).size);
  row("npm package", packed?.size ?? 0);
  row("npm package, unpacked", packed?.unpackedSize ?? 0);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function row(name: string, bytes: number): void {
  console.log(`${name.padEnd(26)}${(bytes / 1e6).toFixed(1).padStart(8)} MB`);
}
