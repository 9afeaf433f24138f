/** Credits as the gateway takes them. */
import { ComputeError } from "../transport/json-api.ts"

/** A number as a decimal, without an exponent. */
export const decimalOf = (amount: number | string): string => {
  if (typeof amount === "string") return amount
  if (!Number.isFinite(amount) || amount < 0)
    throw new ComputeError(`${amount}: expected credits, 0 or more`)
  return amount.toFixed(9).replace(/\.?0+$/, "")
}
