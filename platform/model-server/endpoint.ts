/**
 * Where a model server's API is: below the path that its operator gives (`/v1`, `/v1beta/openai`,
 * `/api/paas/v4`), or below `/v1` where no path is given. A query (`?api-version=…`) goes with every
 * call.
 */

/** The kinds of generation that a model server is asked for. */
export type AnswerKind = "chat" | "completion" | "embedding"

const routes = {
  chat: "/chat/completions",
  completion: "/completions",
  embedding: "/embeddings",
} as const satisfies Record<AnswerKind, string>

/** The API's base, without a slash at its end. */
const apiBase = (endpoint: URL): URL => {
  const url = new URL(endpoint)
  const path = url.pathname.replace(/\/+$/, "")
  url.pathname = path === "" ? "/v1" : path
  url.hash = ""
  return url
}

const below = (endpoint: URL, route: string): URL => {
  const url = apiBase(endpoint)
  url.pathname += route
  return url
}

export const generationUrl = (endpoint: URL, kind: AnswerKind): URL => below(endpoint, routes[kind])
export const modelsUrl = (endpoint: URL): URL => below(endpoint, "/models")

/** For people: the API's base as it is called. */
export const shownBase = (endpoint: URL): string => {
  const { origin, pathname } = apiBase(endpoint)
  return origin + pathname
}
