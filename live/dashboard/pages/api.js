/**
 * Calls to the gateway. The key is kept in this tab's session storage: it is gone with the tab, and
 * is sent to this gateway only.
 */
import { element } from "./dom.js"

const keyName = "evenkeel-key"

export const storedKey = () => sessionStorage.getItem(keyName) ?? undefined
/** @param {string} key */
export const storeKey = (key) => sessionStorage.setItem(keyName, key)
export const forgetKey = () => sessionStorage.removeItem(keyName)

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
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {{ key?: string | undefined, body?: unknown }} options
 * @returns {Promise<any>}
 */
export const ask = async (method, path, { key = storedKey(), body } = {}) => {
  const answer = await send(method, path, key, body)
  const json = await answer.json().catch(() => ({}))
  if (!answer.ok) throw refusalOf(answer, json)
  return json
}

/**
 * Lets the reader keep what a path answers, as a file. The key goes in a header, never in an address.
 *
 * @param {string} path
 * @param {string} name
 */
export const download = async (path, name) => {
  const answer = await send("GET", path, storedKey(), undefined)
  if (!answer.ok) throw refusalOf(answer, await answer.json().catch(() => ({})))
  const url = URL.createObjectURL(await answer.blob())
  const link = element("a", { href: url, download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

const send = (method, path, key, body) =>
  patiently(method, path, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Refused(0, "The gateway cannot be reached.")
  })

const refusalOf = (answer, json) =>
  new Refused(
    answer.status,
    json?.error?.message ?? `The gateway answered with status ${answer.status}.`,
  )
