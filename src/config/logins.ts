// `logins: file | keychain`: where `auth login` keeps refresh tokens and the key that logins are bound to. A login that is
// there stays where it is: its own file says so.
import { LOGIN_PLACES, type LoginPlace } from "../io/keychain.ts";
import { faultAt, suggestion } from "./fault.ts";
import type { MapTree } from "./tree.ts";

/** Throws `configuration`. */
export function readLogins(tree: MapTree): LoginPlace {
  const set = tree.entries.get("logins");
  if (set === undefined) return "file";
  const said = set.kind === "scalar" ? String(set.value) : "";
  const place = LOGIN_PLACES.find((one) => one === said);
  if (place === undefined)
    throw faultAt(set.origin, `logins is none of ${LOGIN_PLACES.join(", ")}`, suggestion(said, LOGIN_PLACES));
  return place;
}
