/**
 * What an answer of the gateway says of this host's standing. A gateway may have forgotten what an agent
 * knows: it was restored from an older backup, its host was removed, its key replaced or revoked. One
 * question alone settles it, the heartbeat, which names the host; a key that the gateway does not know
 * names nobody, so what it answers to a poll or for a job decides nothing.
 *
 *     asked        2xx      404         401, 403    anything else, or no answer
 *     heartbeat    known    forgotten   refused     unheard
 *     poll, job    known    doubted     doubted     unheard
 *
 *     known ──► serve             forgotten, refused ──► find another identity (registrar.ts)
 *     doubted ──► a heartbeat     unheard ──► wait, longer each time
 */

export type Question = "heartbeat" | "work"
export type Standing = "known" | "doubted" | "forgotten" | "refused" | "unheard"

const standings: Readonly<Record<Question, ReadonlyMap<number, Standing>>> = {
  heartbeat: new Map([
    [404, "forgotten"],
    [401, "refused"],
    [403, "refused"],
  ]),
  work: new Map([
    [404, "doubted"],
    [401, "doubted"],
    [403, "doubted"],
  ]),
}

/** `status`: of the answer; `undefined` where there was none. */
export const standingAfter = (question: Question, status: number | undefined): Standing =>
  status === undefined
    ? "unheard"
    : (standings[question].get(status) ?? (status >= 200 && status < 300 ? "known" : "unheard"))
