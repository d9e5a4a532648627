// Times as AWS programs write them, as epoch seconds. A time without a zone is none: nobody could say when it is.

/** ISO 8601 with `Z`, `UTC` or an offset, seconds and their fractions optional; undefined: it is no such time. */
export function epochOf(text: unknown): number | undefined {
  const form = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:[.,]\d{1,9})?)?\s?(Z|UTC|[+-]\d\d(?::?\d\d)?)$/;
  const [, date, minutes, seconds = ":00", zone = ""] = (typeof text === "string" && form.exec(text)) || [];
  if (date === undefined) return undefined;
  const offset = /^[Zu]/i.test(zone) ? "Z" : `${zone.slice(0, 3)}:${zone.replace(":", "").slice(3) || "00"}`;
  const time = Date.parse(`${date}T${minutes}${seconds.replace(",", ".")}${offset}`) / 1000;
  return Number.isNaN(time) ? undefined : time;
}

/** `2026-01-02T03:04:05Z`, the form of the AWS CLI's files. */
export function isoSeconds(at: number): string {
  return `${new Date(Math.floor(at) * 1000).toISOString().slice(0, 19)}Z`;
}
