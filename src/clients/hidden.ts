// Hides what may be a secret in a line that is shown: passwords in addresses, and the values of keys that hold one. It hides
// too much rather than too little.

/** The line with `***` for every password. */
export function hidden(line: string): string {
  return line
    .replace(/(:\/\/[^/\s:@'"]*):[^\s'"]*@/g, "$1:***@")
    .replace(
      /^(\s*(?:\/\/\S*:)?[\w.-]*(?:password|passwd|token|secret|_auth|access_key)[\w-]*["']?\s*[=:]\s*)\S.*$/i,
      "$1***",
    )
    .replace(/\b(password|passwd)\s+\S+/gi, "$1 ***");
}

/** An address with the password behind its user name taken out; undefined: there is none in it. */
export function withoutPassword(text: string): string | undefined {
  const bare = text.replace(/(:\/\/[^/\s:@'"]*):[^/\s@'"]*@/g, "$1@");
  return bare === text ? undefined : bare;
}
