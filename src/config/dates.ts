// Dates: a day (midnight UTC) or a full ISO 8601 time with its offset, as epoch seconds. No local time, no leap seconds.

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** undefined: it is not such a date, or there is no such day. */
export function epochSeconds(text: string): number | undefined {
  const midnight = dayOf(text);
  if (midnight !== undefined) return midnight;
  const [whole, day = "", hour, minute, second = "0", fraction = "0", sign, hours = "0", minutes = "0"] =
    TIME.exec(text) ?? [];
  const start = dayOf(day);
  if (whole === undefined || start === undefined) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offset = (Number(hours) * 3600 + Number(minutes) * 60) * (sign === "-" ? -1 : 1);
  return start + Number(hour) * 3600 + Number(minute) * 60 + Number(second) + Number(`0${fraction}`) - offset;
}

function dayOf(text: string): number | undefined {
  const [, year = "", month = "", day = ""] = DAY.exec(text) ?? [];
  if (year === "") return undefined;
  const milliseconds = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Date.UTC carries 30 February over into March, and reads the years 0 to 99 as 1900 to 1999.
  return new Date(milliseconds).toISOString().startsWith(text) ? milliseconds / 1000 : undefined;
}
