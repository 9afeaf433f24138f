/** Cookies (RFC 6265), as far as one is needed: a name and an opaque value. */

/** The value of a cookie in a request's `Cookie` header. */
export const cookieIn = (header: string | undefined, name: string): string | undefined => {
  for (const pair of header?.split(";") ?? []) {
    const at = pair.indexOf("=")
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}

export interface CookieOptions {
  /** 0: the browser forgets it. */
  readonly maxAgeSeconds: number
  /** Sent over TLS only. */
  readonly isSecure: boolean
}

/** No script reads it, and no page of another site sends it. */
export const cookieHeader = (
  name: string,
  value: string,
  { maxAgeSeconds, isSecure }: CookieOptions,
): string =>
  `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`
