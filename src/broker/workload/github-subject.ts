// The `sub` of GitHub's tokens, which has two usual formats and any that a repository makes up for itself. No rule reads
// it; but where it has ids, they must be those of the claims.
import type { JsonObject } from "../jwt/json-object.ts";

/** `repo:octocat@123456/my-repo@456789:ref:refs/heads/main` (July 2026); before: `repo:octocat/my-repo:…`. */
const WITH_IDS = /^repo:[^/@:]+@([0-9]+)\/[^/@:]+@([0-9]+)(?::|$)/;
const NAMES = /^repo:[^:]*/;

/** True for a `sub` without ids, too. */
export function subjectAgrees({
  sub,
  repository_owner_id: owner,
  repository_id: repository,
}: JsonObject): boolean {
  if (typeof sub !== "string") return false;
  if (!(NAMES.exec(sub)?.[0] ?? "").includes("@")) return true;
  const [, ownerId, repositoryId] = WITH_IDS.exec(sub) ?? [];
  return ownerId !== undefined && ownerId === owner && repositoryId === repository;
}
