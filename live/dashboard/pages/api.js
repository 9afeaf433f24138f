/**
 * Calls to the gateway. Who is signed in is known to it alone, by a cookie that no script can read; each
 * call says that it comes from its own page, without which the cookie counts for nothing.
 */
import { element } from "./dom.js"

/** Somebody was signed in and is not any more: signed out elsewhere, or the session has ended. */
export const signedOut = "evenkeel-signed-out"

/** The gateway refused; the message is its own. */
export class Refused extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/** A gateway that is busy says when to come back; what only reads does so, twice. */
const patiently = async (method, path, options) => {
  for (let left = 2; ; left--) {
    const answer = await fetch(path, options)
    if (answer.status !== 503 || method !== "GET" || left === 0) return answer
    const seconds = Number(answer.headers.get("retry-after")) || 1
    await new Promise((resolve) => {
      setTimeout(resolve, Math.min(5, seconds) * 1000)
    })
  }
}

/**
 * Paths are relative to the page, so that a gateway below a path works as well.
 *
 * @param {"GET" | "POST" | "PATCH" | "PUT" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>}
 */
export const ask = async (method, path, body, headers = {}) => {
  const answer = await send(method, path, body, headers)
  const json = await answer.json().catch(() => ({}))
  if (!answer.ok) throw refusalOf(answer, json)
  return json
}

/**
 * Lets the reader keep what a path answers, as a file.
 *
 * @param {string} path
 * @param {string} name
 */
export const download = async (path, name) => {
  const answer = await send("GET", path, undefined, {})
  if (!answer.ok) throw refusalOf(answer, await answer.json().catch(() => ({})))
  const url = URL.createObjectURL(await answer.blob())
  const link = element("a", { href: url, download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

const send = (method, path, body, headers) =>
  patiently(method, path, {
    method,
    headers: {
      ...headers,
      "x-evenkeel-page": "1",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Refused(0, "The gateway cannot be reached.")
  })

const refusalOf = (answer, json) => {
  // What programs are told of their headers says nothing to a reader.
  if (
    answer.status === 401 &&
    json?.error?.code === "invalid_api_key" &&
    !answer.url.endsWith("/session")
  ) {
    dispatchEvent(new Event(signedOut))
    return new Refused(401, "You are not signed in any more: sign in again.")
  }
  return new Refused(
    answer.status,
    json?.error?.message ?? `The gateway answered with status ${answer.status}.`,
  )
}
