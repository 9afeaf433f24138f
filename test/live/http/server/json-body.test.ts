import Fastify from "fastify"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { jsonBodyParser, wellFormed } from "../../../../live/http/server/json-body.ts"
import { HttpError } from "../../../../live/http/http-error.ts"

/** Text of any UTF-16 code units: halves of pairs stand alone in it more often than not. */
const anyUnits = fc
  .array(fc.oneof(fc.integer({ min: 0xd800, max: 0xdfff }), fc.nat(0xffff)), { maxLength: 6 })
  .map((units) => String.fromCharCode(...units))
const name = fc.oneof(anyUnits, fc.constantFrom("__proto__", "constructor", "prototype", "a"))
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    fc.oneof(anyUnits, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null)),
    fc.array(tie("json"), { maxLength: 3 }),
    fc
      .array(fc.tuple(name, tie("json")), { maxLength: 3 })
      .map((fields) => Object.fromEntries(fields)),
  ),
}))

const server = Fastify()
server.setErrorHandler((error, _request, reply) =>
  reply
    .status(error instanceof HttpError ? error.status : 400)
    .send({ error: { message: (error as Error).message } }),
)
server.addContentTypeParser("application/json", { parseAs: "buffer" }, jsonBodyParser(server, 20))
server.post("/", (request, reply) => void reply.send(JSON.stringify({ got: request.body })))
const post = async (payload: string | Buffer) => {
  const headers = { "content-type": "application/json" }
  const answer = await server.inject({ method: "POST", url: "/", headers, payload })
  return { status: answer.statusCode, text: answer.body }
}

describe("a JSON body", () => {
  it("is the same value, every text and name in it well-formed, whoever's prototype it names", async () => {
    await fc.assert(
      fc.asyncProperty(json, async (value) => {
        // As clients write it: halves of pairs as escapes.
        const { status, text } = await post(JSON.stringify(value))
        expect(status).toBe(200)
        expect(text.isWellFormed()).toBe(true)
        expect(text).not.toMatch(/\\ud[89a-f]/i)
        const mended = JSON.stringify({ got: value }).replace(/\\ud[89a-f]../gi, "\ufffd")
        // Names that become the same are one, as names that are the same are.
        expect(JSON.parse(text)).toEqual(JSON.parse(mended))
        expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined()
      }),
    )
  })

  it("keeps whole pairs, and mends halves in values and names", () => {
    expect(wellFormed(JSON.parse('{"a\\ud83d":["\\ude00x","\\ud83d\\ude00",5]}'))).toEqual({
      "a\ufffd": ["\ufffdx", "😀", 5],
    })
  })

  it("may name fields as prototypes are named, and changes none", async () => {
    for (const body of [
      '{"__proto__":{"polluted":true},"properties":{"__proto__":{"type":"string"}}}',
      '{"constructor":{"prototype":{"polluted":true}}}',
      '{"__proto__":{"x":"\\ud83d"}}',
    ]) {
      const { status, text } = await post(body)
      expect(status).toBe(200)
      expect(text).toBe(`{"got":${body.replace("\\ud83d", "\ufffd")}}`)
    }
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined()
  })

  it.each([
    ["Latin-1", Buffer.from('{"a":"é"}', "latin1")],
    ["UTF-16", Buffer.from('{"a":"b"}é', "utf16le")],
    ["half a character", Buffer.from([0x22, 0xe2, 0x82, 0x22])],
    ["half a pair", Buffer.from([0x22, 0xed, 0xa0, 0xbd, 0x22])],
    ["an overlong character", Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
  ])("in %s is refused as such", async (_name, bytes) => {
    const { status, text } = await post(bytes)
    expect(status).toBe(400)
    expect(text).toContain("UTF-8")
  })

  it("may begin with a byte order mark, and may be nested so deep", async () => {
    expect((await post("\ufeff[1]")).text).toBe('{"got":[1]}')
    expect((await post(`${"[".repeat(20)}${"]".repeat(20)}`)).status).toBe(200)
    const deep = await post(`${"[".repeat(21)}${"]".repeat(21)}`)
    expect(deep).toMatchObject({
      status: 400,
      text: expect.stringContaining("20 levels") as string,
    })
    for (const bad of ["", "{", "nothing"]) expect((await post(bad)).status).toBe(400)
  })
})
