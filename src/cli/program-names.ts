// The names that the one executable is started under; main.ts gives each its own part. A link under any other name
// would be keywright itself.

export const PROGRAM_NAMES = ["keywright", "keyring", "menda", "mxm-config", "mxm-secrets"] as const;

export type ProgramName = (typeof PROGRAM_NAMES)[number];

/** `menda` only where it is asked for, because menda-cli may be there. */
export const USUAL_NAMES: readonly ProgramName[] = ["keywright", "keyring"];

/** What an installer makes itself, and so takes away itself, is not among them. */
export const LINKED_NAMES: readonly ProgramName[] = PROGRAM_NAMES.filter((name) => name !== "keywright");

export function isProgramName(name: string): name is ProgramName {
  return PROGRAM_NAMES.some((known) => known === name);
}
