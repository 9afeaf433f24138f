/** `Retry-After` (RFC 9110): seconds, or a date. Gives seconds from now, or `undefined`. */
export const retryAfterSeconds = (header: unknown): number | undefined => {
  if (typeof header !== "string") return undefined
  const seconds = /^\d+(\.\d+)?$/.test(header.trim())
    ? Number(header)
    : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}
