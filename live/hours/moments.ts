/** Times that a client gives, in the market's. */
import { badRequest } from "../http/http-error.ts"
import type { MarketCalendar } from "./market-calendar.ts"

/** µs of the market. Throws what the client is to be told of `param`. */
export const momentOf = (
  calendar: Pick<MarketCalendar, "microsOf">,
  text: string,
  param: string,
): number => {
  const micros = calendar.microsOf(text)
  if (micros === undefined)
    throw badRequest(`\`${param}\`: must be a date and time that there is`, param)
  if (micros < 0) throw badRequest(`\`${param}\`: must be after the market was opened`, param)
  return micros
}
