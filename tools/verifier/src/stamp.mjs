// Times as statements have them.
const LAST_OF_CALENDAR = 253_402_300_799_999n

/** `1795340000000 (2026-11-22 09:33:20 UTC)`; behind the year 9999 the number alone. */
export function stamp(ms) {
  if (ms > LAST_OF_CALENDAR) return `${ms}`
  const [day, time] = new Date(Number(ms)).toISOString().split('T')
  return `${ms} (${day} ${time.slice(0, 8)} UTC)`
}
