/** What whoever sends something wrong is told: what is allowed, in words, on every route. */
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bodyCheck, bodySchemas } from "../../../live/gateway/request/bodies.ts"
import type { JobKind } from "../../../live/protocol/delivery.ts"
import { missing, notAllowed } from "../../../live/http/allowed.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { isObject } from "../../../platform/json/json-object.ts"
import { jsonSchemaOf } from "../../../live/http/json-schema.ts"
import { runningGateway } from "../support/gateway.ts"
import { jsonOf } from "../support/json-of-schema.ts"

/** Names of types, of a validator's keywords, patterns: nothing that a person has to decipher. */
const deciphered =
  /ReadonlyArray|readonly |Expected|actual|undefined|must NOT|must match|must have|anyOf|(?<!decimal )\bstring\b|\binteger\b|\barray\b|\bboolean\b|\[object|minItems|\^|\\[dp]|NonEmpty|Struct/

const expectWords = (message: string): void => {
  expect(message).not.toMatch(deciphered)
  expect(message).toMatch(/must be |has to be |allowed/)
}

/** Every place that a schema names. */
const placesOf = (schema: unknown, place: ReadonlyArray<string> = []): Array<Array<string>> => {
  if (!isObject(schema)) return []
  const members = [schema["anyOf"], schema["oneOf"]].flatMap((union) =>
    Array.isArray(union) ? union.flatMap((one) => placesOf(one, place)) : [],
  )
  const fields = isObject(schema["properties"]) ? Object.entries(schema["properties"]) : []
  return [
    ...(place.length === 0 ? [] : [[...place]]),
    ...members,
    ...fields.flatMap(([name, one]) => placesOf(one, [...place, name])),
    ...(isObject(schema["items"]) ? placesOf(schema["items"], [...place, "0"]) : []),
  ]
}

const wrongValues: ReadonlyArray<unknown> = [
  null,
  5,
  -1e300,
  0.5,
  "",
  "\u0000",
  "x".repeat(10_000),
  true,
  [],
  [null],
  [{}],
  {},
  { x: 1 },
]

/** The value with another at a place. */
const withAt = (
  value: unknown,
  [name, ...rest]: ReadonlyArray<string>,
  wrong: unknown,
): unknown => {
  if (name === undefined) return wrong
  if (Array.isArray(value) || /^\d+$/.test(name))
    return [withAt(Array.isArray(value) ? value[0] : undefined, rest, wrong)]
  const fields = isObject(value) ? value : {}
  return { ...fields, [name]: withAt(fields[name], rest, wrong) }
}

describe("the error of a call's body", () => {
  const kinds = ["chat", "completion", "embedding"] as const satisfies ReadonlyArray<JobKind>

  it.each(kinds)("says in words what each field of a %s may be", (kind) => {
    const schema = jsonSchemaOf(bodySchemas[kind])
    const places = placesOf(schema)
    expect(places.length).toBeGreaterThan(4)
    for (const place of places) {
      for (const error of [notAllowed(schema, place), missing(schema, place)]) {
        expectWords(error.message)
        expect(error.message, place.join(".")).not.toMatch(/must be (left out|any JSON value)$/)
        expect(error.param).toBe(place.join("."))
      }
    }
  })

  it.each(kinds)("is in words whatever is wrong with a %s", (kind) => {
    const schema = jsonSchemaOf(bodySchemas[kind])
    const check = bodyCheck(kind)
    const places = placesOf(schema)
    const [base] = fc.sample(jsonOf({ ...schema, properties: schema["properties"] }), {
      numRuns: 1,
      seed: 1,
    })
    for (const place of places)
      for (const wrong of wrongValues) {
        const error = Either.getOrUndefined(Either.flip(check(withAt(base, place, wrong))))
        if (error === undefined) continue
        expect(error.status).toBe(400)
        expectWords(error.message)
      }
  })

  it.each([
    [{}, "`model` is missing: it must be a text that is not empty"],
    [
      { model: "m" },
      "`messages` is missing: it must be a list of 1 to 10000 entries, each an object with `role`",
    ],
    [
      { messages: null },
      "`messages`: must be a list of 1 to 10000 entries, each an object with `role`",
    ],
    [{ max_tokens: 0 }, "`max_tokens`: must be a whole number from 1 to 100000000"],
    [{ n: 2 }, "`n`: must be 1 (one answer a call)"],
    [{ temperature: 3 }, "`temperature`: must be a number from 0 to 2"],
    [{ stream: "yes" }, "`stream`: must be true or false"],
    [{ tools: [{ type: "web_search" }] }, '`tools.0.type`: must be one of "function", "custom"'],
    [
      { tools: [{ type: "function" }] },
      "`tools.0.function` is missing: it must be an object with `name`",
    ],
    [
      { tools: [{ type: "custom" }] },
      "`tools.0.custom` is missing: it must be an object with `name`",
    ],
    [
      { messages: [{ role: "robot" }] },
      '`messages.0.role`: must be one of "system", "developer", "user", "function", "assistant", "tool"',
    ],
    [5, "The body must be a JSON object: an object with `model` and `messages`"],
  ])("of %j is: %s", (given, message) => {
    const messages = [{ role: "user", content: "Hi" }]
    const body =
      isObject(given) && Object.keys(given).length > 0 && !("model" in given)
        ? { model: "m", messages, ...given }
        : given
    const error = Either.getOrUndefined(Either.flip(bodyCheck("chat")(body)))
    expect(error?.message).toBe(message)
  })
})

describe("the errors of all routes", () => {
  it("say in words what is allowed, for whatever field of a body or a query is wrong", async () => {
    const {
      server,
      url,
      adminSecret = "",
    } = await runningGateway({
      limits: { loopDelayMillis: 0, requestsPerMinuteByAddress: 1e8 },
    })
    interface Operation {
      readonly requestBody?: { readonly content: Record<string, { readonly schema: JsonObject }> }
      readonly parameters?: ReadonlyArray<{
        readonly in: string
        readonly name: string
        readonly schema: JsonObject
      }>
    }
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
    }
    let tried = 0
    const tryOut = async (method: string, path: string, query: string, payload?: unknown) => {
      const answer = await server.inject({
        method: method.toUpperCase() as "POST",
        url: path.replace(/\{[^}]+\}/g, "x") + query,
        headers: { authorization: `Bearer ${adminSecret}`, "content-type": "application/json" },
        ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
      })
      if (answer.statusCode !== 400) return
      tried += 1
      const { error } = JSON.parse(answer.body) as { readonly error: { readonly message: string } }
      expect(error.message, `${method} ${path}${query} ${JSON.stringify(payload)}`).not.toMatch(
        deciphered,
      )
    }
    for (const [path, methods] of Object.entries(paths))
      for (const [method, { requestBody, parameters = [] }] of Object.entries(methods)) {
        const schema = requestBody?.content["application/json"]?.schema
        if (schema !== undefined) {
          for (const place of placesOf(schema)) {
            expectWords(notAllowed(schema, place).message)
            expectWords(missing(schema, place).message)
            for (const wrong of [null, 5, "x".repeat(10_000), [null], { x: 1 }])
              await tryOut(method, path, "", withAt({}, place, wrong))
          }
          await tryOut(method, path, "", { unknown: 1 })
          await tryOut(method, path, "", [])
        }
        for (const { name, in: where } of parameters)
          if (where === "query")
            for (const wrong of ["", "x", "-1", "1e9", "%00"])
              await tryOut(method, path, `?${name}=${wrong}`)
        if (method === "get" && parameters.some((one) => one.in === "query"))
          await tryOut(method, path, "?unknown=1")
      }
    expect(tried).toBeGreaterThan(300)
  })

  it.each([
    [
      "/accounts",
      {},
      "`name` is missing: it must be a line of text of at most 100 characters, with something to see in it and no control characters",
    ],
    [
      "/accounts",
      { name: 5 },
      "`name`: must be a line of text of at most 100 characters, with something to see in it and no control characters",
    ],
    [
      "/accounts",
      { name: "a", mail: "b" },
      "`mail`: an additional field, which nothing here knows; allowed are name",
    ],
    ["/accounts", [], "The body must be a JSON object: an object with `name`"],
  ])("%s with %j is: %s", async (path, payload, message) => {
    const { server } = await runningGateway()
    const answer = await server.inject({ method: "POST", url: path, payload })
    expect(answer.json()).toMatchObject({ error: { message } })
  })
})
