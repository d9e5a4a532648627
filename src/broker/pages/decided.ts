// What was answered to a decision, for a minute: whoever clicks twice, or loads the answer again, gets the same answer
// instead of "nothing to approve here". A failed attempt is not remembered. It decides nothing.
import type { Clock } from "../../io/clock.ts";
import type { Reply } from "../reply.ts";

export interface Decided {
  /** `work` gives undefined when there is nothing to decide; then the answer is `otherwise`. */
  once(key: string, work: () => Promise<Reply | undefined>, otherwise: Reply): Promise<Reply>;
  size(): number;
}

const REMEMBERED = 60;
const MOST = 1000;

export function createDecided(clock: Clock): Decided {
  const answers = new Map<string, { readonly at: number; readonly reply: Promise<Reply | undefined> }>();

  function forgetOld(now: number): void {
    for (const [key, { at }] of answers) {
      if (Math.abs(now - at) < REMEMBERED && answers.size <= MOST) return; // They stand in the order of time.
      answers.delete(key);
    }
  }

  return {
    async once(key, work, otherwise) {
      const now = clock.now();
      forgetOld(now);
      const found = answers.get(key);
      if (found !== undefined) return (await found.reply) ?? otherwise;
      const reply = work();
      answers.set(key, { at: now, reply });
      try {
        const answer = await reply;
        if (answer === undefined) answers.delete(key);
        return answer ?? otherwise;
      } catch (error) {
        answers.delete(key);
        throw error;
      }
    },
    size: () => answers.size,
  };
}
