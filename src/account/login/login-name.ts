// Whom a host took a login for when it was last asked: remembered for `status`, which asks nobody. It decides nothing; in the
// cache folder, it may be gone at any time.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../digest.ts";
import { orMiss, readPrivate, writePrivate } from "../../io/files.ts";
import type { Answer } from "../cloud-reply.ts";
import type { Login } from "./login-store.ts";

type Named = Pick<Login, "host" | "profile" | "createdAt">;

export interface LoginNames {
  /** undefined: nobody asked since that login was made, or it is not remembered any more. */
  of(login: Named): string | undefined;
  keep(login: Named, name: string): void;
  forget(login: Named): void;
}

export function loginNames(home: string): LoginNames {
  const fileOf = ({ host, profile }: Named): string =>
    join(home, ".cache", "keywright", "whoami", `${sha256(JSON.stringify([host, profile]))}.json`);
  return {
    of(login) {
      const text = orMiss(() => readPrivate(fileOf(login)));
      const kept = orMiss(
        () => JSON.parse(text ?? "null") as { readonly since?: unknown; readonly name?: unknown } | null,
      );
      return kept?.since === login.createdAt && typeof kept.name === "string" ? kept.name : undefined;
    },
    keep(login, name) {
      orMiss(() => writePrivate(fileOf(login), `${JSON.stringify({ since: login.createdAt, name })}\n`));
    },
    forget(login) {
      orMiss(() => rmSync(fileOf(login), { force: true }));
    },
  };
}

/** What a person is called in an answer of either form; undefined: it says none. It can be shown as it is. */
export function nameIn(answer: Answer): string | undefined {
  const found = ["username", "email", "principal", "name", "sub"]
    .map((field) => answer[field])
    .find((value) => typeof value === "string" && value.trim() !== "");
  return typeof found === "string" ? found.replace(/\p{C}/gu, "").slice(0, 200) : undefined;
}
