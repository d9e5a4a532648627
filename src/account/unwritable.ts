// What the system says when a file of the user's cannot be written (read-only, full, not ours) → an error with what to do.
import { KeywrightError } from "../errors.ts";

/** Runs `work`, which writes the file. Throws `backend` when the system refuses; everything else passes. */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    const { code, syscall } = (thrown ?? {}) as NodeJS.ErrnoException;
    if (thrown instanceof KeywrightError || syscall === undefined) throw thrown;
    throw new KeywrightError("backend", `${path} cannot be written (${code ?? syscall})`, {
      hint: "Make room, or make the file and its folder writable for you.",
      cause: thrown,
    });
  }
}
