import * as fc from "fast-check"
import { expect, it } from "vitest"
import { makeJsonProgress } from "../../../platform/json/json-progress.ts"

it("an object or a list is whole with its last character, and not before", () => {
  const value = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()))
  fc.assert(
    fc.property(value, fc.constantFrom("", " ", "\n"), (given, space) => {
      const text = space + JSON.stringify(given, null, space)
      const progress = makeJsonProgress()
      let wholeAt = -1
      for (let at = 0; at < text.length; at++) {
        progress.add(text.charAt(at))
        if (progress.isWhole() && wholeAt < 0) wholeAt = at
      }
      expect(wholeAt).toBe(text.length - 1)
    }),
  )
})

it("of anything else it can not be told", () => {
  for (const text of ["", " ", "17", '"a"', "null", "x{}"]) {
    const progress = makeJsonProgress()
    progress.add(text)
    expect(progress.isWhole()).toBe(false)
  }
})
