/**
 * How deep a JSON value is nested. `JSON.parse` takes any depth, while whatever walks the value later
 * (`JSON.stringify` first of all) runs out of stack: what a stranger sends is measured before.
 */

/** Is it nested more than `most` levels deep? O(size), without recursion beyond `most`. */
export const isDeeper = (value: unknown, most: number): boolean => {
  if (typeof value !== "object" || value === null) return false
  if (most === 0) return true
  if (Array.isArray(value)) {
    for (const one of value)
      if (typeof one === "object" && one !== null && isDeeper(one, most - 1)) return true
    return false
  }
  for (const key in value) {
    const one = (value as Record<string, unknown>)[key]
    if (typeof one === "object" && one !== null && isDeeper(one, most - 1)) return true
  }
  return false
}
