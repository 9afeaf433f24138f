/** Assertions that no test can break from outside, and why. */
export const unreachable: Readonly<Record<string, string>> = {
  "the parts add up to the amount":
    "the assertion before it bounds what is left to give by the number of parts",
  "an instance out of service is asked nothing": "all who send a probe have asked before",
}
