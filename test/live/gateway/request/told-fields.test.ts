import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bodyCheck, bodySchemas, forwarded } from "../../../../live/gateway/request/bodies.ts"
import { jsonSchemaOf } from "../../../../live/http/json-schema.ts"
import type { JobKind } from "../../../../live/protocol/delivery.ts"
import type { JsonObject } from "../../../../platform/json/json-object.ts"
import { jsonOf } from "../../support/json-of-schema.ts"

/** Fields of the schemas that no host is told, whatever they hold: the gateway's own business. */
const withheld: Readonly<Record<JobKind, ReadonlyArray<string>>> = {
  chat: ["max_completion_tokens", "n", "stream", "stream_options"],
  completion: ["best_of", "echo", "n", "stream", "stream_options"],
  embedding: [],
}

const required: Readonly<Record<JobKind, JsonObject>> = {
  chat: { model: "m", messages: [{ role: "user", content: "Hi" }] },
  completion: { model: "m", prompt: "Hi" },
  embedding: { model: "m", input: "Hi" },
}

const schemaOf = (kind: JobKind): Readonly<Record<string, JsonObject>> =>
  jsonSchemaOf(bodySchemas[kind])["properties"] as Record<string, JsonObject>

/** The name of every field that is in a body for a host, of any value that the field may have. */
const toldOf = (kind: JobKind): ReadonlyArray<string> => {
  const check = bodyCheck(kind)
  const told = new Set<string>()
  for (const [name, schema] of Object.entries(schemaOf(kind)))
    for (const value of fc.sample(jsonOf(schema), { numRuns: 50, seed: 1 })) {
      const body = check({ ...required[kind], [name]: value })
      if (Either.isLeft(body)) continue
      for (const one of Object.keys(forwarded(body.right as JsonObject))) told.add(one)
    }
  return [...told].toSorted()
}

describe.each(["chat", "completion", "embedding"] as const)("the fields of a %s", (kind) => {
  it("are told to hosts, each but those that are withheld", () => {
    const known = Object.keys(schemaOf(kind))
    expect(withheld[kind].filter((name) => !known.includes(name))).toEqual([])
    expect(toldOf(kind)).toEqual(known.filter((name) => !withheld[kind].includes(name)).toSorted())
  })

  it("that are withheld come to no host together either", () => {
    const values = {
      max_completion_tokens: 5,
      n: 1,
      stream: true,
      stream_options: { include_usage: true },
      best_of: 1,
      echo: false,
    }
    const body = bodyCheck(kind)({ ...required[kind], ...values })
    expect(forwarded(Either.getOrThrow(body) as JsonObject)).toEqual(required[kind])
  })
})

it("no template, and nothing of how one is used, is among a template's variables", () => {
  const variables = { chat_template: "{{ x }}", tokenize: true, return_dict: true, thinking: true }
  const body = bodyCheck("chat")({ ...required.chat, chat_template_kwargs: variables })
  expect(forwarded(Either.getOrThrow(body))).toEqual({
    ...required.chat,
    chat_template_kwargs: { thinking: true },
  })
})
