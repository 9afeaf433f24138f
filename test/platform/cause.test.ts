import { expect, test } from "vitest"
import { asError, causeText } from "../../platform/cause.ts"

test("whatever was thrown has words, and is an error", () => {
  const error = new TypeError("not a number")
  expect(causeText(error)).toBe("not a number")
  expect(asError(error)).toBe(error)
  expect(causeText("enough")).toBe("enough")
  expect(asError("enough")).toEqual(new Error("enough"))
  expect(causeText(undefined)).toBe("undefined")
})
