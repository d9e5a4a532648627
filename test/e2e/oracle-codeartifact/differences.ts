// Where ours and keyrings.codeartifact 2.1.2 are meant to differ. Each row says of which cases it speaks; (a) to (f) are the known
// defects of the original, the rest is what we hold to. A row that no case needs is a mistake.
import { parseAddress } from "../../../src/resolver/address.ts";
import { codeArtifactTarget } from "../../../src/resolver/codeartifact.ts";
import type { Answer, Case, Original } from "./sides.ts";

export interface Difference {
  readonly name: string;
  readonly holds: (it: { readonly one: Case; readonly theirs: Original; readonly ours: Answer }) => boolean;
}

export const DIFFERENCES: readonly Difference[] = [
  {
    name: "(a) the original uses a section that contradicts the address, we never do",
    holds: ({ one, theirs, ours }) =>
      theirs.answer.section !== undefined &&
      contradicts(theirs.answer.section, one) &&
      theirs.answer.section !== ours.section,
  },
  {
    // Its expression is verbose (re.VERBOSE), so the space that should end a value is none.
    name: "the original reads a qualifier without quotes as an empty one, we read it",
    holds: ({ theirs, ours }) =>
      theirs.answer.asked !== undefined &&
      /=[^"']/.test(ours.section ?? "") &&
      ours.section !== theirs.answer.section,
  },
  {
    name: "(b) the original answers http, we refuse it",
    holds: ({ one, theirs, ours }) =>
      /^http:/i.test(one.url) && theirs.answer.asked !== undefined && ours.error === "refused",
  },
  {
    name: "(d) the original knows neither dual-stack nor VPC endpoints",
    holds: ({ one, theirs, ours }) =>
      theirs.answer.asked === undefined && ours.asked !== undefined && /\.on\.aws|\.vpce\./i.test(one.url),
  },
  {
    name: "(e) the original knows no format but pypi, and no bare host",
    holds: ({ one, theirs, ours }) =>
      theirs.answer.error === "not mine" &&
      ours.asked !== undefined &&
      targetOf(one)?.form === "ipv4" &&
      (targetOf(one)?.format !== "pypi" || targetOf(one)?.repository === undefined),
  },
  {
    name: "the original takes addresses that are no strict addresses: look-alikes, other users, ports, schemes, escapes",
    holds: ({ one, theirs, ours }) =>
      theirs.answer.asked !== undefined &&
      ours.error === "refused" &&
      !/^http:/i.test(one.url) &&
      (parseAddress(one.url) === undefined ||
        parseAddress(one.url) === "disagree" ||
        /^https:\/\/(?!aws@)[^/]+@|:(?!443\/)\d+\/|^https:\/\/xn--/.test(one.url) ||
        targetOf(one) === undefined),
  },
  {
    name: "the original asks for domains and regions that AWS cannot have",
    holds: ({ theirs, ours }) =>
      theirs.answer.asked !== undefined && ours.error === "not a CodeArtifact address",
  },
  {
    name: "the original takes names for a repository that AWS cannot have; to us they are none",
    holds: ({ theirs, ours }) =>
      theirs.answer.asked !== undefined &&
      ours.asked !== undefined &&
      ours.asked.repository === undefined &&
      !/^[A-Za-z0-9][A-Za-z0-9._-]{1,99}$/.test(theirs.answer.asked.repository ?? ""),
  },
  {
    name: "the original goes on without verification, we refuse to",
    holds: ({ theirs, ours }) => theirs.unverified && /verify=.* would send/.test(ours.error ?? ""),
  },
  {
    name: "the original takes certificates from below the working directory",
    holds: ({ theirs, ours }) =>
      /is no absolute path/.test(ours.error ?? "") && !(theirs.answer.asked?.caFile ?? "/").startsWith("/"),
  },
  {
    name: "the original asks AWS for a duration that it does not take, or dies of it",
    holds: ({ theirs, ours }) =>
      /token_duration is/.test(ours.error ?? "") &&
      (theirs.answer.error === "ValueError" || theirs.answer.asked?.duration === 60),
  },
  {
    name: "the original passes over half a key pair, and goes on as somebody else",
    holds: ({ theirs, ours }) =>
      /is missing beside/.test(ours.error ?? "") && theirs.answer.asked?.accessKeyId === undefined,
  },
  {
    name: "the original passes over what it does not understand in a section's name",
    holds: ({ one, ours }) =>
      /cannot be understood/.test(ours.error ?? "") && /domian|domain =/.test(one.config ?? ""),
  },
  {
    name: "the original dies of a qualifier in upper case",
    holds: ({ theirs, ours }) => theirs.answer.error === "TypeError" && ours.asked !== undefined,
  },
  {
    name: "the original takes [codeartifactory] for a section of its own",
    holds: ({ one, ours }) => /\[codeartifactory\]/.test(one.config ?? "") && ours.section === undefined,
  },
  {
    name: "of two sections for the same addresses the original takes the last, we none",
    holds: ({ ours }) => /are meant for the same addresses/.test(ours.error ?? ""),
  },
];

function targetOf({ url }: Case): ReturnType<typeof codeArtifactTarget> {
  const address = parseAddress(url);
  return address === undefined || address === "disagree" ? undefined : codeArtifactTarget(address);
}

/** By its own reading, not by ours: any qualifier of the name that differs from the address. */
function contradicts(section: string, one: Case): boolean {
  const host =
    /^https?:\/\/(?:[^/@]*@)?(.+)-(\d{12})\.d\.codeartifact\.([^.]+)\.amazonaws\.com(?::\d+)?\/pypi\/([^/]+)/i;
  const [, domain, account, region, name] = host.exec(one.url) ?? [];
  const known: Readonly<Record<string, string | undefined>> = {
    domain: domain?.toLowerCase(),
    account,
    region: region?.toLowerCase(),
    name,
  };
  return [...section.matchAll(/(\w+)=["']?([^"' ]*)/g)].some(([, key = "", value]) => known[key] !== value);
}
