/** One tree of settings over another, as files and patches state only what differs. */

export type Tree = Readonly<Record<string, unknown>>

export const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Groups are merged name by name; everything else, lists included, is replaced. */
export const overlay = (below: unknown, above: unknown): unknown =>
  isTree(below) && isTree(above)
    ? {
        ...below,
        ...Object.fromEntries(
          Object.entries(above).map(([name, value]) => [name, overlay(below[name], value)]),
        ),
      }
    : above
