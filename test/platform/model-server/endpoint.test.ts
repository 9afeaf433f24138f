import { expect, test } from "vitest"
import { generationUrl, modelsUrl, shownBase } from "../../../platform/model-server/endpoint.ts"

test.each([
  ["http://h:1", "http://h:1/v1"],
  ["http://h:1/", "http://h:1/v1"],
  ["http://h:1/v1", "http://h:1/v1"],
  ["http://h:1/v1/", "http://h:1/v1"],
  ["http://h:1/v1/openai", "http://h:1/v1/openai"],
  ["http://h:1/v1beta/openai/", "http://h:1/v1beta/openai"],
  ["http://h:1/api/paas/v4", "http://h:1/api/paas/v4"],
])("the API of %s is below %s", (given, base) => {
  const endpoint = new URL(given)
  expect(shownBase(endpoint)).toBe(base)
  expect(modelsUrl(endpoint).href).toBe(`${base}/models`)
  expect(generationUrl(endpoint, "chat").href).toBe(`${base}/chat/completions`)
  expect(generationUrl(endpoint, "completion").href).toBe(`${base}/completions`)
  expect(generationUrl(endpoint, "embedding").href).toBe(`${base}/embeddings`)
})

test("an endpoint's query goes with every call, and is not shown", () => {
  const endpoint = new URL("https://h/openai/?api-version=1#x")
  expect(generationUrl(endpoint, "chat").href).toBe(
    "https://h/openai/chat/completions?api-version=1",
  )
  expect(shownBase(endpoint)).toBe("https://h/openai")
})
