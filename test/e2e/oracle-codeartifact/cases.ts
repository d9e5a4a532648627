// Addresses and keyringrc.cfg files for both sides: a table, and generated ones from a fixed seed.
import fc from "fast-check";
import { FOREIGN, HOSTILE_BY_FORM, OURS, OURS_BY_FORM } from "../../resolver/corpus.ts";
import { FOOLED, FOOLED_ELSEWHERE } from "../../resolver/hostile.ts";
import type { Case } from "./sides.ts";

const HOST = "dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com";
const URL = `https://${HOST}/pypi/repo/simple/`;

const ADDRESSES: readonly string[] = [
  URL,
  `https://aws@${HOST}/pypi/repo/simple`,
  `https://${HOST}/pypi/repo`,
  `https://${HOST.toUpperCase()}/pypi/Repo.1_x/`,
  `https://${HOST}:443/pypi/repo/simple/flask/0.1/Flask-0.1.tar.gz`,
  "https://my-2nd-domain-123456789012.d.codeartifact.ap-southeast-2.amazonaws.com/pypi/a-b.c_d/",
  "https://a1-000000000000-123456789012.d.codeartifact.us-east-1.amazonaws.com/pypi/repo/",
  "https://dom-12345678901.d.codeartifact.us-east-1.amazonaws.com/pypi/repo/",
  "https://dom-1234567890123.d.codeartifact.us-east-1.amazonaws.com/pypi/repo/",
  "https://dom-123456789012.d.codeartifact.nowhere.amazonaws.com/pypi/repo/",
  "https://dom-123456789012.d.codeartifact.us-gov-west-1.amazonaws.com/pypi/repo/",
  "https://dom-123456789012.d.codeartifact.cn-north-1.amazonaws.com.cn/pypi/repo/",
  "https://d-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/repo/",
  "https://2om-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/repo/",
  `https://${HOST}/pypi/.repo/simple/`,
  `https://${HOST}/pypi/r/simple/`,
  `https://${HOST}/npm/repo/`,
  `https://${HOST}/`,
  HOST,
  `http://${HOST}/pypi/repo/simple/`,
  ...OURS,
  ...OURS_BY_FORM,
  ...FOREIGN,
  ...Object.values(FOOLED),
  ...Object.values(FOOLED_ELSEWHERE),
  ...Object.values(HOSTILE_BY_FORM).flat(),
];

const CONFIGS: readonly (string | null)[] = [
  null,
  "",
  "[backend]\ndefault-keyring = keyring.backends.fail.Keyring\n",
  "[codeartifact]\nprofile_name = dev # why\ntoken_duration=900\n",
  '[codeartifact]\nverify = "/etc/ssl/corp.pem"\naws_access_key_id: AKID\naws_secret_access_key: a#b;c ; end\n',
  "[codeartifact]\nverify=YES\n",
  "[codeartifact]\nverify=off\n",
  "[codeartifact]\nverify=corp.pem\n",
  "[codeartifact]\ntoken_duration=1h\n",
  "[codeartifact]\ntoken_duration=60\n",
  "[codeartifact]\naws_access_key_id=AKID\nprofile_name=p\n",
  "[codeartifact account=000000000000]\nprofile_name=prod_admin\n",
  "[codeartifact]\nprofile_name=d\n[codeartifact account=000000000000]\nprofile_name=prod_admin\n",
  "[codeartifact account=000000000000 name=repo region=eu-west-1]\nprofile_name=x\n[codeartifact domain=dom]\nprofile_name=y\n",
  "[codeartifact]\nprofile_name=d\ntoken_duration=0\n[codeartifact domain='dom' account=\"123456789012\" region=eu-west-1 name=repo]\nprofile_name=all\n",
  "[codeartifact name=repo]\nprofile_name=n\n[codeartifact region=eu-west-1]\nprofile_name=r\n",
  "[codeartifact region=eu-west-1]\nprofile_name=r\n[codeartifact name=repo]\nprofile_name=n\n",
  "[codeartifact]\nprofile_name=d\n[codeartifact domain=dom]\nprofile_name=\n",
  "[codeartifact]\na=1\n[codeartifact]\nprofile_name=again\n",
  "[codeartifact Domain=dom]\nprofile_name=d\n",
  "[codeartifact domian=dom]\nprofile_name=d\n",
  "[codeartifact domain = dom]\nprofile_name=d\n",
  "[codeartifactory]\nprofile_name=d\n",
  "[codeartifact domain=dom]\nprofile_name=a\n[codeartifact domain='dom']\nprofile_name=b\n",
  "profile_name = x\n",
  "[codeartifact]\nprofile_name = a\n  b\n",
  "[codeartifact]\nprofile_name = a;b;c ; x # y\n",
  "[codeartifact]\nprofile_name = a ; x # y\n",
  "[codeartifact]\nprofile_name = a\n  # c\n  b ; d\n   ; e\n\n  f\n",
  "[codeartifact]\nprofile_name = a # x ; y\n#x\n  ;y\n # z\n",
];

/** Words that make sections fit, contradict and compete. */
function generated(): readonly Case[] {
  const domain = fc.constantFrom("dom", "dom-2", "other");
  const owner = fc.constantFrom("123456789012", "000000000000");
  const region = fc.constantFrom("eu-west-1", "us-east-1");
  const name = fc.constantFrom("repo", "repo-2");
  const url = fc
    .tuple(domain, owner, region, name, fc.constantFrom("/simple/", "/", "", "/simple/flask/"))
    .map(([d, o, r, n, rest]) => `https://${d}-${o}.d.codeartifact.${r}.amazonaws.com/pypi/${n}${rest}`);
  const quoted = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.tuple(value, fc.constantFrom("", '"', "'")).map(([text, quote]) => quote + text + quote);
  const maybe = (key: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.option(quoted(value), { nil: undefined }).map((text) => (text === undefined ? "" : ` ${key}=${text}`));
  const options = fc.record(
    {
      profile_name: fc.constantFrom("a", "b", "c # d", ""),
      token_duration: fc.constantFrom("900", "43200", "0", "3600 ; an hour"),
      verify: fc.constantFrom("true", "/etc/ssl/x.pem", ""),
    },
    { requiredKeys: [] },
  );
  const section = fc
    .tuple(
      maybe("domain", domain),
      maybe("account", owner),
      maybe("region", region),
      maybe("name", name),
      options,
    )
    .map(([d, o, r, n, all]) => {
      const lines = Object.entries(all).map(([key, value]) => `${key} = ${value}\n`);
      return `[codeartifact${d}${o}${r}${n}]\n${lines.join("")}`;
    });
  const config = fc.uniqueArray(section, { maxLength: 4, selector: (text) => text.split("\n", 1)[0] });
  const one = fc
    .tuple(url, config)
    .map(([address, sections]): Case => ({ url: address, config: sections.join("") }));
  return fc.sample(one, { numRuns: 600, seed: 5 });
}

export const CASES: readonly Case[] = [
  ...ADDRESSES.map((url) => ({ url, config: null })),
  ...CONFIGS.flatMap((config) => ADDRESSES.slice(0, 7).map((url) => ({ url, config }))),
  ...generated(),
];
