/** Random values of the kinds that a market's state is made of. */
import fc from "fast-check"

const number = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, Infinity, -Infinity, Number.NaN, Number.MIN_VALUE, 2 ** 53),
)

/** Anything that a market's state is made of. */
export const plain = fc.letrec((tie) => ({
  leaf: fc.oneof(
    number,
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.float64Array(),
    fc.int32Array(),
    fc.uint32Array(),
    fc.uint8Array(),
  ),
  node: fc.oneof(
    { depthSize: "small" },
    tie("leaf"),
    fc.array(tie("node")),
    // Long ones, and ones of one kind, are kept otherwise by what packs them.
    fc.array(number, { minLength: 17, maxLength: 40 }),
    fc.array(fc.float64Array(), { minLength: 17, maxLength: 20 }),
    fc.dictionary(
      fc.string().filter((key) => key !== "$" && key !== "__proto__"),
      tie("node"),
      { noNullPrototype: true },
    ),
    fc.array(fc.tuple(fc.integer(), tie("node"))).map((entries) => new Map(entries)),
    fc.array(fc.integer()).map((values) => new Set(values)),
  ),
})).node
