import { Schema } from "effect"
import Fastify from "fastify"
import { describe, expect, it } from "vitest"
import { lineOfText } from "../../../live/http/fields.ts"
import { jsonSchemaOf } from "../../../live/http/json-schema.ts"

describe("a line of text", () => {
  const line = lineOfText(20)
  const isLine = Schema.is(line)
  const app = Fastify()
  app.post("/", { schema: { body: jsonSchemaOf(Schema.Struct({ line })) } }, async () => "")
  const isTaken = async (text: string): Promise<boolean> =>
    (await app.inject({ method: "POST", url: "/", payload: { line: text } })).statusCode === 200

  it.each(["a", " Grüße ", "模型", "שלום", "👩‍🚀", "<b>", "x".repeat(20)])("is %j", async (text) => {
    expect([isLine(text), await isTaken(text)]).toEqual([true, true])
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
  ])("is not %j", async (text) => {
    expect([isLine(text), await isTaken(text)]).toEqual([false, false])
  })
})
