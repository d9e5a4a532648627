// The failures that backends of secrets have in common, in the same words. They name the ref and its store, never a path,
// a root or a value.
import { KeywrightError } from "../errors.ts";
import type { Location } from "./location.ts";

export function notText({ ref, store }: Location): KeywrightError {
  return new KeywrightError("backend", `the value of ref ${ref.name} in store ${store.name} is not UTF-8`, {
    hint: "keywright hands out text. Store a binary value as base64.",
  });
}

export function isFolder({ ref, store }: Location): KeywrightError {
  return new KeywrightError("backend", `ref ${ref.name} leads to a folder of store ${store.name}`, {
    hint: "Give the ref the path of one entry.",
  });
}
