// Which way a login takes, and what a person may write for a host.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostMetadata } from "../../src/account/host-metadata.ts";
import { hostFrom } from "../../src/cli/auth-target.ts";
import { type WayWanted, wayTo } from "../../src/cli/auth-way.ts";
import { asKeywrightError } from "../../src/errors.ts";
import { HERE } from "./auth-place.ts";

const none: HostMetadata = {
  tokenEndpoint: "https://h.example/t",
  registryEndpoint: undefined,
  authorizationEndpoint: undefined,
  deviceEndpoint: undefined,
  revocationEndpoint: undefined,
  whoamiEndpoint: undefined,
  dpop: true,
  saysIssuer: true,
  grantTypes: ["authorization_code"],
  scopes: undefined,
};
const device = { ...none, deviceEndpoint: "https://h.example/d" };
const all = { ...device, authorizationEndpoint: "https://h.example/a" };
const THERE = { ...HERE, here: false };

test("which way: what the host offers, what there is here, what the person said", () => {
  const rows: readonly (readonly [HostMetadata | undefined, WayWanted, typeof HERE | undefined, string])[] = [
    [all, {}, HERE, "browser"],
    [all, {}, undefined, "device"],
    [all, {}, THERE, "device"],
    [all, { device: true }, HERE, "device"],
    [all, { browser: false }, HERE, "device"],
    [all, { browser: true }, undefined, "browser"],
    [device, {}, HERE, "device"],
    [device, { browser: true }, HERE, "configuration"],
    [{ ...all, grantTypes: [] }, {}, HERE, "device"],
    [{ ...all, deviceEndpoint: undefined }, {}, undefined, "configuration"],
    [none, {}, HERE, "configuration"],
    [{ ...all, tokenEndpoint: undefined }, {}, HERE, "configuration"],
    [all, { shareWithMenda: true }, HERE, "menda shared"],
    [all, { shareWithMenda: false }, HERE, "browser"],
    [all, { shareWithMenda: true, browser: true }, HERE, "usage"],
    [undefined, {}, HERE, "menda shared"],
    [undefined, { shareWithMenda: false }, HERE, "menda"],
    [undefined, { device: true }, HERE, "menda shared"],
    [undefined, { browser: true }, HERE, "usage"],
    [all, { device: true, browser: true }, HERE, "usage"],
  ];
  for (const [metadata, wanted, browser, expected] of rows) {
    let got: string;
    try {
      const way = wayTo("https://h.example", metadata, wanted, browser);
      got = way.kind === "menda" && way.shared ? "menda shared" : way.kind;
    } catch (thrown) {
      got = asKeywrightError(thrown).code;
    }
    assert.equal(got, expected, JSON.stringify([wanted, browser]));
  }
});

test("what a person writes for a host", () => {
  assert.equal(hostFrom("menda.example"), "https://menda.example");
  assert.equal(hostFrom(" https://Menda.example/team/ "), "https://menda.example/team");
  assert.equal(hostFrom("http://127.0.0.1:8765"), "http://127.0.0.1:8765");
  for (const text of [
    "",
    "http://menda.example",
    "ftp://menda.example",
    "https://a@menda.example",
    "https://h.example/?q",
    "https://h.example/#f",
  ])
    assert.throws(() => hostFrom(text), /not of the form/, text);
});
