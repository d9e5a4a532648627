// The sections of keyringrc.cfg that keyrings.codeartifact 2.1.2 reads, and which of them an address picks. It does not look at what
// they say. Unlike the original it never picks one that contradicts the address.
import { KeywrightError } from "../errors.ts";
import type { CodeArtifactTarget } from "../resolver/codeartifact.ts";
import { iniElements, iniLines, trim, type IniOptions } from "./ini.ts";

export interface Section {
  /** As its header says, without brackets. */
  readonly name: string;
  /** What an address must have, for this section to be meant. */
  readonly wanted: ReadonlyMap<Qualifier, string>;
  /** The section's value, else that of [codeartifact]; undefined when there is none, or an empty one. */
  value(key: string): string | undefined;
}

const QUALIFIERS = ["domain", "account", "region", "name"] as const;
type Qualifier = (typeof QUALIFIERS)[number];

const DEFAULTS = "codeartifact";
/** `key=value`, the value bare or between quotes, up to white space or the end. */
const PAIR = /\s+([A-Za-z]+)=(["']?)(.*?)\2(?=\s|$)/y;

/**
 * The section of an address: of those that do not contradict it, the one that names the most of it, the first of equals;
 * [codeartifact] when there is none. Returns undefined when the file has none of these. Throws `configuration`.
 */
export function sectionFor(text: string, file: string, target: CodeArtifactTarget): Section | undefined {
  const { defaults, sections } = sectionsOf(text, file);
  const known: Readonly<Record<Qualifier, string | undefined>> = {
    domain: target.domain,
    account: target.owner,
    region: target.region,
    name: target.repository,
  };
  const fitting = sections.filter(({ wanted }) => [...wanted].every(([key, value]) => known[key] === value));
  const [best] = fitting.toSorted((a, b) => b.wanted.size - a.wanted.size);
  return best ?? defaults;
}

function sectionsOf(
  text: string,
  file: string,
): { readonly defaults: Section | undefined; readonly sections: readonly Section[] } {
  const rules = { defaultSection: DEFAULTS, inlineComments: ["#", ";"] };
  const elements = iniElements(iniLines(text), file, rules);
  const section = (name: string, options: IniOptions, wanted: Section["wanted"]): Section => ({
    name,
    wanted,
    value: (key) => (valueOf(options, key) ?? valueOf(elements.defaults, key)) || undefined,
  });
  const none: IniOptions = new Map();
  const sections = [...elements.sections]
    .filter(([name]) => /^codeartifact\s/.test(name))
    .map(([name, options]) => section(name, options, wantedOf(name, file)));
  refuseTwins(sections, file);
  const defaults = elements.defaults.size === 0 ? undefined : section(DEFAULTS, none, new Map());
  return { defaults, sections };
}

/** An empty one is one: it goes over that of [codeartifact]. */
function valueOf(options: IniOptions, key: string): string | undefined {
  const option = options.get(key);
  return option && trim(option.parts.join("\n"));
}

function wantedOf(name: string, file: string): ReadonlyMap<Qualifier, string> {
  const wanted = new Map<Qualifier, string>();
  const rest = name.trimEnd();
  PAIR.lastIndex = DEFAULTS.length;
  while (PAIR.lastIndex < rest.length) {
    const [, key = "", , value = ""] = PAIR.exec(rest) ?? [];
    const qualifier = QUALIFIERS.find((each) => each === key.toLowerCase());
    if (qualifier === undefined || wanted.has(qualifier)) {
      throw new KeywrightError("configuration", `${file}: the section [${name}] cannot be understood`, {
        hint: `Write it as [codeartifact domain="…" account="…" region="…" name="…"], each of them at most once.`,
      });
    }
    wanted.set(qualifier, value);
  }
  return wanted;
}

function refuseTwins(sections: readonly Section[], file: string): void {
  const seen = new Map<string, string>();
  for (const { name, wanted } of sections) {
    const key = JSON.stringify(QUALIFIERS.map((each) => wanted.get(each) ?? null));
    const twin = seen.get(key);
    if (twin !== undefined) {
      throw new KeywrightError(
        "configuration",
        `${file}: the sections [${twin}] and [${name}] are meant for the same addresses`,
        { hint: "Keep one of them." },
      );
    }
    seen.set(key, name);
  }
}
