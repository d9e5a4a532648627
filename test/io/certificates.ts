// A certificate authority for one test run, made by openssl in a folder of its own. The caller removes the folder.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Pair {
  readonly key: string;
  readonly cert: string;
}

export interface Authority {
  /** The file of the authority's own certificate. */
  readonly file: string;
  /** A server certificate for these names: `DNS:menda.example`, `IP:127.0.0.1`. */
  issue(...names: readonly string[]): Pair;
}

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export function createAuthority(folder: string, name: string): Authority {
  const openssl = (...args: readonly string[]): void =>
    void execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  openssl(
    "req",
    "-x509",
    ...EC,
    "-days",
    "2",
    "-subj",
    `/CN=${name}`,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.pem`,
  );
  let issued = 0;
  return {
    file: join(folder, `${name}.pem`),
    issue(...names) {
      const own = `${name}-${++issued}`;
      writeFileSync(join(folder, `${own}.cnf`), `subjectAltName=${names.join(",")}\n`);
      openssl("req", "-new", ...EC, "-subj", "/CN=test", "-keyout", `${own}.key`, "-out", `${own}.csr`);
      const by = ["-CA", `${name}.pem`, "-CAkey", `${name}.key`, "-CAcreateserial", "-extfile", `${own}.cnf`];
      openssl("x509", "-req", "-in", `${own}.csr`, ...by, "-days", "2", "-out", `${own}.pem`);
      const read = (end: string): string => readFileSync(join(folder, `${own}.${end}`), "utf8");
      return { key: read("key"), cert: read("pem") };
    },
  };
}
