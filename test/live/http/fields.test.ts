import { Ajv } from "ajv"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { lineOfText } from "../../../live/http/fields.ts"
import { jsonSchemaOf } from "../../../live/http/json-schema.ts"

describe("a line of text", () => {
  const line = lineOfText(20)
  const isLine = Schema.is(line)
  const validate = new Ajv().compile(jsonSchemaOf(line))

  it.each(["a", " Grüße ", "模型", "שלום", "👩‍🚀", "<b>", "x".repeat(20)])("is %j", (text) => {
    expect([isLine(text), validate(text)]).toEqual([true, true])
  })

  it.each([
    "",
    " ",
    "\u200B",
    "\u2060\u00A0",
    "a\nb",
    "a\r\nset-cookie: x",
    "\u001B[2J",
    "a\u0000",
    "a\u0085",
    "a\u2028b",
    "a\u202Egpj.exe",
    "\u2066a",
    "a\u200F",
    "\uD800",
    "x".repeat(21),
  ])("is not %j", (text) => {
    expect([isLine(text), validate(text)]).toEqual([false, false])
  })
})
