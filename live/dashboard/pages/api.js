/**
 * Calls to the gateway. The key is kept in this tab's session storage: it is gone with the tab, and
 * is sent to this gateway only.
 */

const keyName = "evenkeel-key"

export const storedKey = () => sessionStorage.getItem(keyName) ?? undefined
export const storeKey = (key) => sessionStorage.setItem(keyName, key)
export const forgetKey = () => sessionStorage.removeItem(keyName)

/** The gateway refused; the message is its own. */
export class Refused extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/** Paths are relative to the page, so that a gateway below a path works as well. */
export const ask = async (method, path, { key = storedKey(), body } = {}) => {
  const answer = await fetch(path, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Refused(0, "The gateway cannot be reached.")
  })
  const json = await answer.json().catch(() => ({}))
  if (!answer.ok)
    throw new Refused(
      answer.status,
      json?.error?.message ?? `The gateway answered with status ${answer.status}.`,
    )
  return json
}
