// Claims: who acts as whom, under which name, and that nothing a provider's user can type gets further than that.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { emailOf, principalOf, shownName, type Claims } from "../../../src/broker/people/claims.ts";

const rule = (claim: string, has: string | undefined, principal = "dev") => ({ claim, has, principal });

test("a rule fits a text, an entry of a list, or a claim that is there; the first that fits counts", () => {
  const claims: Claims = {
    groups: ["dev", "ops"],
    team: "dev",
    flag: true,
    off: false,
    nothing: null,
    realm_access: { roles: ["admin"] },
    "https://team.example/roles": ["writer"],
  };
  const fits = (claim: string, has: string | undefined): boolean =>
    principalOf(claims, [rule(claim, has)]) !== undefined;
  for (const [claim, has] of [
    ["groups", "ops"],
    ["team", "dev"],
    ["flag", undefined],
    ["groups", undefined],
    ["realm_access.roles", "admin"],
    ["https://team.example/roles", "writer"],
  ] as const)
    assert.ok(fits(claim, has), claim);
  for (const [claim, has] of [
    ["groups", "op"],
    ["groups", "dev,ops"],
    ["team", "de"],
    ["flag", "true"],
    ["off", undefined],
    ["nothing", undefined],
    ["missing", undefined],
    ["realm_access", "admin"],
    ["realm_access.roles.0", "admin"],
    ["realm_access.roles.length", undefined],
    ["constructor", undefined],
    ["__proto__", undefined],
    ["team.length", undefined],
    ["toString.name", "toString"],
  ] as const)
    assert.ok(!fits(claim, has), claim);
  const rules = [rule("missing", undefined, "a"), rule("groups", "ops", "b"), rule("team", "dev", "c")];
  assert.equal(principalOf(claims, rules), "b");
  assert.equal(principalOf(claims, []), undefined);
});

test("an e-mail address that is not verified is none, for lists and for rules", () => {
  const email = "anna@people.example";
  assert.equal(emailOf({ email, email_verified: true }), email);
  for (const email_verified of [false, undefined, "true", 1]) {
    assert.equal(emailOf({ email, email_verified }), "");
    assert.equal(principalOf({ email, email_verified }, [rule("email", email)]), undefined);
    assert.equal(principalOf({ email, email_verified }, [rule("email", undefined)]), undefined);
  }
  assert.equal(principalOf({ email, email_verified: true }, [rule("email", email)]), "dev");
});

test("a shown name can be typed, whatever it was", () => {
  const shown = (name: unknown): string | undefined => shownName({ n: name }, { nameClaim: "n" });
  assert.deepEqual(
    ["Anna", "anna@people.example", "Łukasz K", "--x", "\u202eanna", "", "—", 5, null].map(shown),
    ["anna", "anna@people.example", "ukasz-k", "x", "anna", undefined, undefined, undefined, undefined],
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (name) => {
      const made = shown(name);
      assert.ok(made === undefined || /^[a-z0-9][a-z0-9._@+-]{0,47}$/.test(made));
    }),
  );
});

test("no claims make it throw", () => {
  const paths = fc.constantFrom("a", "a.b", "email", "__proto__.x", "a.b.c");
  fc.assert(
    fc.property(
      fc.object({ key: fc.constantFrom("a", "b", "c", "email", "__proto__") }),
      paths,
      (claims, claim) => {
        principalOf(claims as Claims, [rule(claim, undefined), rule(claim, "x")]);
        shownName(claims as Claims, { nameClaim: claim });
      },
    ),
  );
});
